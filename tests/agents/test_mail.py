"""The mail port: one contract for both adapters, and what each of SendGrid's answers means."""

import asyncio
import email
import email.policy
import socket
import time
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.mail.folder import Folder, eml, file_name
from agents.mail.port import Accepted, Halted, Letter, NotNow, Refused, Unknown, one_address, unsafe
from agents.mail.sendgrid import SendGrid, payload
from agents.process.options import Secret
from tests.fakes.sendgrid import KEY, NO_SPEC, SPEC, FakeSendGrid

LETTER = Letter(
    send_key="k1",
    lead_id="ada",
    to="ada@wonder.example",
    from_name="Ines at Wattlark",
    from_email="ines@mail.wattlark.example",
    reply_to="hello@wattlark.example",
    subject="Straße, 値段 & co",
    html="<p>Hello Ada, ü</p>",
    text="Hello Ada, ü\n.\nFrom here",
    at=1_767_225_600_000,
    headers=(
        ("List-Unsubscribe", "<https://mail.wattlark.example/u/token>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ),
    categories=("first-look", "one", "night-load"),
)


@asynccontextmanager
async def sendgrid(fake, *, key=KEY, sandbox=False, seconds=0.5):
    port = SendGrid(Secret(key), fake.url, sandbox=sandbox, total_seconds=seconds)
    await port.start()
    try:
        yield port
    finally:
        await port.close()


@asynccontextmanager
async def a_folder(tmp_path):
    port = Folder(tmp_path / "mail")
    await port.start()
    yield port
    await port.close()


@asynccontextmanager
async def a_sendgrid(_tmp_path):
    async with FakeSendGrid() as fake, sendgrid(fake) as port:
        yield port


PORTS = pytest.mark.parametrize("open_port", [a_folder, a_sendgrid])


def ask(open_port, tmp_path, *letters):
    async def main():
        async with open_port(tmp_path) as port:
            return [await port.send(letter) for letter in letters]

    return asyncio.run(main())


@PORTS
def test_a_good_letter_is_accepted(open_port, tmp_path):
    """Every port takes a good letter and gives it an id."""
    [answer] = ask(open_port, tmp_path, LETTER)
    assert isinstance(answer, Accepted)
    assert answer.message_id


@PORTS
@pytest.mark.parametrize(
    "broken",
    [
        {"subject": "hi\r\nBcc: eve@evil.example"},
        {"subject": "hi\x00"},
        {"subject": "hi\u2028there"},
        {"subject": "x" * 999},
        {"from_name": "Ines\nX-Evil: 1"},
        {"headers": (("List-Unsubscribe", "<https://a.example>\r\nBcc: eve@evil.example"),)},
        {"headers": (("X-A\r\nBcc", "eve@evil.example"),)},
        {"categories": ("a\r\nb",)},
        {"to": "ada@wonder.example, eve@evil.example"},
        {"to": "Ada <ada@wonder.example>"},
        {"to": "ada@wonder.example\nBcc: eve@evil.example"},
        {"to": ""},
        {"reply_to": "not an address"},
    ],
    ids=str,
)
def test_a_header_that_could_break_out_is_refused(open_port, tmp_path, broken):
    """No port sends a letter whose headers hold control characters or whose address is not one address."""
    [answer] = ask(open_port, tmp_path, replace(LETTER, **broken))
    assert isinstance(answer, Refused)
    assert "evil" not in answer.detail


@PORTS
def test_close_may_be_called_before_start(open_port, tmp_path):
    """A port that never started, or is closed already, can be closed."""

    async def main():
        async with open_port(tmp_path) as port:
            await port.close()

    asyncio.run(main())


def test_a_letter_in_a_log_names_nobody():
    """The repr of a letter holds the send key and nothing personal."""
    assert repr(LETTER) == "Letter(send_key='k1')"


# ── the folder ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_folder_writes_what_an_email_reader_reads(tmp_path):
    """What is in the file is what was in the letter, by the word of Python's own parser."""
    ask(a_folder, tmp_path, LETTER)
    [path] = (tmp_path / "mail").iterdir()
    assert path.name == "ada.night-load.k1.eml"
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert message["Subject"] == LETTER.subject
    assert message["To"] == LETTER.to
    assert message["From"] == "Ines at Wattlark <ines@mail.wattlark.example>"
    assert dict(message.items()).items() >= dict(LETTER.headers).items()
    assert message.get_body(["plain"]).get_content().splitlines() == LETTER.text.splitlines()
    assert message.get_body(["html"]).get_content().splitlines() == LETTER.html.splitlines()


def test_the_same_send_key_is_the_same_file(tmp_path):
    """A repeat gets the same answer, and the first file stays."""
    first, second = ask(a_folder, tmp_path, LETTER, replace(LETTER, text="another", at=LETTER.at + 1))
    assert first == second
    [path] = (tmp_path / "mail").iterdir()
    assert path.read_bytes() == eml(LETTER)


def test_a_folder_that_cannot_be_written_is_not_now(tmp_path):
    """A full or missing disk proves that nothing was sent."""

    async def main():
        return await Folder(tmp_path / "missing").send(LETTER)

    answer = asyncio.run(main())
    assert isinstance(answer, NotNow)
    assert str(tmp_path) not in answer.detail


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_no_lead_id_or_send_key_escapes_the_folder(lead_id, send_key):
    """A file name is one plain part, whatever the ids hold."""
    name = file_name(replace(LETTER, lead_id=lead_id, send_key=send_key))
    assert "/" not in name
    assert not name.startswith((".", "~"))
    assert len(name.encode()) <= 255


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_a_letter_is_refused_or_round_trips(subject, from_name, text):
    """No text makes a header of its own: the parsed file has exactly the headers that we set."""
    letter = replace(LETTER, subject=subject, from_name=from_name, text=text)
    if unsafe(letter):
        return
    try:
        content = eml(letter)
    except ValueError:
        return
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert sorted(message.keys()) == sorted(email.message_from_bytes(eml(LETTER)).keys())


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ada@wonder.example", True),
        ("ada+news@wonder.co.example", True),
        ("ådå@wönder.example", True),
        ("a@b@c.example", False),
        ("ada@wonder.example;eve@evil.example", False),
        ("<ada@wonder.example>", False),
        ("ada @wonder.example", False),
        ("@wonder.example", False),
        ("ada", False),
    ],
)
def test_one_address_is_one_bare_address(text, good):
    """An address with a name, a second recipient or a space is not one address."""
    assert one_address(text) is good


# ── SendGrid ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mood", "expected", "accepted"),
    [
        ("accept", Accepted, 1),
        ("accept_then_hang", Unknown, 1),
        ("accept_then_reset", Unknown, 1),
        ("accept_then_500", Unknown, 1),
        ("drip", Unknown, 1),
        ("500", Unknown, 0),
        ("503", Unknown, 0),
        ("hang", Unknown, 0),
        ("reset", Unknown, 0),
        ("429", NotNow, 0),
        ("401", Halted, 0),
        ("403", Halted, 0),
        ("302", Halted, 0),
        ("400", Refused, 0),
        ("400_not_json", Halted, 0),
        ("400_in_pieces", Refused, 0),
        ("407", Halted, 0),
        ("413", Refused, 0),
        ("200_not_sandbox", Unknown, 0),
        ("202_no_id", Unknown, 0),
    ],
)
def test_each_answer_of_the_provider_has_one_meaning(mood, expected, accepted):
    """What proves nothing is Unknown; the port asks once, whatever the answer."""

    async def main():
        async with FakeSendGrid(mood=mood) as fake, sendgrid(fake) as port:
            return await port.send(LETTER), fake

    answer, fake = asyncio.run(main())
    assert isinstance(answer, expected)
    assert fake.asked["k1"] == 1
    assert fake.accepted()["k1"] == accepted


@pytest.mark.parametrize("mood", ["400_not_json", "200_not_sandbox", "202_no_id"])
def test_who_is_not_sendgrid_is_called_so(mood):
    """An answer that SendGrid does not give names the setting that is wrong, or what stands between."""

    async def main():
        async with FakeSendGrid(mood=mood) as fake, sendgrid(fake) as port:
            return await port.send(LETTER)

    detail = asyncio.run(main()).detail
    assert "not SendGrid's answer" in detail
    assert "NURTURE_SENDGRID_HOST" in detail


def test_a_refused_connection_proves_that_nothing_was_sent():
    """No listener: not now, whatever the letter."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        fake = FakeSendGrid(url=f"http://127.0.0.1:{unused.getsockname()[1]}")

        async def main():
            async with sendgrid(fake) as port:
                return await port.send(LETTER)

        assert isinstance(asyncio.run(main()), NotNow)


@pytest.mark.parametrize(("reset_in", "least", "most"), [(7, 5, 7), (None, 0, 0), (-3600, 0, 0), (86_400, 300, 300)])
def test_too_many_requests_waits_as_long_as_the_provider_says_within_reason(reset_in, least, most):
    """X-RateLimit-Reset is honoured; in the past, absent or absurd it does not stop us for ever."""

    async def main():
        async with FakeSendGrid(mood="429", reset_in=reset_in) as fake, sendgrid(fake) as port:
            return await port.send(LETTER)

    assert least <= asyncio.run(main()).retry_after <= most


def test_a_wrong_key_halts_and_never_shows():
    """A refused key stops the sending; no answer, repr or session text shows a key."""

    async def main():
        async with FakeSendGrid() as fake, sendgrid(fake, key="SG.wrong.secret") as port:
            return await port.send(LETTER), repr(vars(port))

    answer, inside = asyncio.run(main())
    assert isinstance(answer, Halted)
    assert "wrong" not in answer.detail
    assert "SG." not in inside


def test_what_the_provider_complains_of_is_kept_without_addresses():
    """The reason of a refusal names the field, and nobody."""

    async def main():
        async with FakeSendGrid(mood="400") as fake, sendgrid(fake) as port:
            return await port.send(LETTER)

    detail = asyncio.run(main()).detail
    assert "personalizations.0.to.0.email" in detail
    assert "wonder.example" not in detail


def test_the_sandbox_checks_and_delivers_nothing():
    """Sandbox mode is said in the payload; the provider answers 200 and takes nothing."""

    async def main():
        async with FakeSendGrid() as fake, sendgrid(fake, sandbox=True) as port:
            return await port.send(LETTER), fake

    answer, fake = asyncio.run(main())
    assert answer == Accepted("sandbox")
    assert not fake.taken
    assert len(fake.checked) == 1


def test_a_hanging_request_holds_up_nobody_else():
    """While one request hangs another is answered: there is one session, and no request waits for a free connection."""

    async def main():
        async with FakeSendGrid(moods={"slow": "hang"}) as fake, sendgrid(fake, seconds=2) as port:
            slow = asyncio.create_task(port.send(replace(LETTER, send_key="slow")))
            began = time.monotonic()
            answer = await port.send(LETTER)
            took = time.monotonic() - began
            slow.cancel()
            await asyncio.gather(slow, return_exceptions=True)
            return answer, took

    answer, took = asyncio.run(main())
    assert isinstance(answer, Accepted)
    assert took < 1


def test_the_payload_says_everything_explicitly():
    """One personalization with our ids, tracking and sandbox set, no subscription footer, no person in categories."""
    found = payload(LETTER, sandbox=False)
    assert found["personalizations"] == [
        {"to": [{"email": LETTER.to}], "custom_args": {"nk_send_key": "k1", "nk_lead_id": "ada"}}
    ]
    assert found["tracking_settings"] == {
        "click_tracking": {"enable": True, "enable_text": False},
        "open_tracking": {"enable": True},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }
    assert found["mail_settings"] == {"sandbox_mode": {"enable": False}}
    assert sorted(found["categories"]) == sorted(LETTER.categories)
    assert found["headers"] == dict(LETTER.headers)
    assert [content["type"] for content in found["content"]] == ["text/plain", "text/html"]


def test_a_category_is_named_once():
    """A step may be called as its e-mail is; the provider refuses a mail that names a category twice."""
    letter = replace(LETTER, categories=("first-look", "night-load", "night-load"))
    assert sorted(payload(letter, sandbox=False)["categories"]) == ["first-look", "night-load"]


@pytest.mark.skipif(not SPEC.exists(), reason=NO_SPEC)
def test_the_provider_s_own_description_agrees():
    """The payload validates against SendGrid's OpenAPI description, and the check can fail."""

    async def main():
        async with FakeSendGrid() as fake:
            good = payload(LETTER, sandbox=True)
            assert fake._valid is not None
            return list(fake._complaints(good)), list(fake._complaints({**good, "custom_args": {"top": "level"}}))

    none, some = asyncio.run(main())
    assert none == []
    assert any("custom_args" in complaint for complaint in some)
