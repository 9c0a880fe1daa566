"""Which mail port this process uses, or why none. It opens nothing; the rules are in ``agents.process.safety``."""

from agents.mail.folder import Folder
from agents.mail.port import Port
from agents.mail.sendgrid import SendGrid
from agents.process.options import Settings
from agents.process.safety import contradictions
from agents.process.settings import SettingsError


def choose_port(settings: Settings) -> Port:
    """The port that the settings name. Raises SettingsError: mail that nobody can unsubscribe from must not leave.

    The rules are asked again here, whoever made the settings: this is the last door before real people.
    """
    if not settings.mail_port:
        raise SettingsError('NURTURE_MAIL_PORT is not set, expected "folder" (writes .eml files) or "sendgrid"')
    if found := list(contradictions(settings)):
        raise SettingsError("\n".join(found))
    if settings.mail_port == "folder":
        return Folder(settings.mail_folder)
    return SendGrid(settings.sendgrid_key, settings.sendgrid_host, sandbox=settings.sendgrid_sandbox)
