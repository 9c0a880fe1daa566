"""Which mail port this process uses, or one sentence that says why none. It opens nothing."""

from agents.mail.folder import Folder
from agents.mail.port import Port
from agents.mail.sendgrid import SendGrid
from agents.settings import Settings, SettingsError


def choose_port(settings: Settings) -> Port:
    """The port that the settings name. Raises SettingsError: mail that nobody can unsubscribe from must not leave."""
    if not settings.mail_port:
        raise SettingsError('NURTURE_MAIL_PORT is not set, expected "folder" (writes .eml files) or "sendgrid"')
    if settings.mail_port == "folder":
        return Folder(settings.mail_folder)
    if settings.clock == "stepped":
        raise SettingsError(
            f'found NURTURE_CLOCK=stepped with NURTURE_MAIL_PORT={settings.mail_port}, expected "folder": '
            "simulated time must not mail real people"
        )
    if not settings.sendgrid_key:
        raise SettingsError(
            "NURTURE_SENDGRID_KEY is not set, expected an API key with the scope mail.send, or its file in "
            "NURTURE_SENDGRID_KEY_FILE"
        )
    if missing := _missing(settings):
        raise SettingsError(
            f"found no {' and no '.join(missing)}: until both are set SendGrid may be used with "
            "NURTURE_SENDGRID_SANDBOX=true or a NURTURE_ALLOW_LIST only, since nobody could unsubscribe"
        )
    return SendGrid(settings.sendgrid_key, settings.sendgrid_host, sandbox=settings.sendgrid_sandbox)


def _missing(settings: Settings) -> list[str]:
    if settings.sendgrid_sandbox or settings.allow_list:
        return []
    needed = {"NURTURE_UNSUBSCRIBE_URL": settings.unsubscribe_url, "NURTURE_PROVIDER_EVENTS": settings.provider_events}
    return [name for name, value in needed.items() if not value]
