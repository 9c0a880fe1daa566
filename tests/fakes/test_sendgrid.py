"""The fake is an oracle, so it is tested: it refuses what the provider refuses and counts only what it accepted."""

import asyncio
import io

import aiohttp
import pytest

from tests.fakes.sendgrid import KEY, NO_SPEC, SPEC, FakeSendGrid

GOOD = {
    "personalizations": [{"to": [{"email": "ada@wonder.example"}], "custom_args": {"nk_send_key": "k1"}}],
    "from": {"email": "ines@mail.wattlark.example"},
    "subject": "hello",
    "content": [{"type": "text/plain", "value": "hello"}],
}


def post(fake, body=GOOD, *, key=KEY, **options):
    async def main():
        async with fake, aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
            sent = options or {"json": body}
            async with session.post(fake.url + "/v3/mail/send", allow_redirects=False, **sent) as response:
                return response.status, dict(response.headers), await response.text()

    return asyncio.run(main())


def test_what_is_accepted_is_logged_under_its_send_key():
    """202, an id, and one line in the log."""
    fake = FakeSendGrid()
    status, headers, _ = post(fake)
    assert status == 202
    assert headers["X-Message-Id"] == fake.taken[0].message_id
    assert fake.accepted() == {"k1": 1}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"personalizations": [{"to": [{"email": "a@b.example"}], "custom_args": {"n": 1}}]}, "strings"),
        ({"personalizations": [{"to": [{"email": "a@b.example"}], "custom_args": {"n": "x" * 10_001}}]}, "10000"),
        ({"categories": ["straße"]}, "ASCII"),
        ({"headers": {"To": "eve@evil.example"}}, "reserved"),
        ({"content": [{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]}, "before"),
        ({"content": []}, "text/plain"),
    ],
    ids=str,
)
def test_what_breaks_a_documented_limit_is_refused(change, says):
    """400 with a reason, and nothing in the log."""
    fake = FakeSendGrid()
    status, _, text = post(fake, {**GOOD, **change})
    assert (status, fake.taken) == (400, [])
    assert says in text


@pytest.mark.skipif(not SPEC.exists(), reason=NO_SPEC)
@pytest.mark.parametrize(
    "change",
    [
        {"custom_args": {"top": "level"}},
        {"from": None},
        {"personalizations": [{}]},
        {"categories": ["a"] * 11},
        {"categories": ["a", "a"]},
        {"content": [{"type": "text/plain", "value": ""}]},
    ],
    ids=str,
)
def test_what_the_provider_s_own_description_forbids_is_refused(change):
    """The OpenAPI description decides, where it is present."""
    fake = FakeSendGrid()
    assert post(fake, {**GOOD, **change})[0] == 400
    assert fake.taken == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"[]", "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"x=1"}, 415),
        ({"data": io.BytesIO(b" " * (31 * 1024 * 1024)), "headers": {"Content-Type": "application/json"}}, 413),
    ],
    ids=["no JSON", "no object", "a form", "31 MB"],
)
def test_what_is_no_request_is_refused(options, expected):
    """Broken JSON, another content type, too many bytes."""
    fake = FakeSendGrid()
    assert post(fake, **options)[0] == expected
    assert fake.taken == []


def test_a_wrong_key_is_refused():
    """401 before anything else is looked at."""
    assert post(FakeSendGrid(), key="wrong")[0] == 401


def test_moods_by_send_key_win_over_the_next_and_those_over_the_rest():
    """One letter can have its own fate while the others have another."""
    assert post(FakeSendGrid(mood="500", moods={"k1": "accept"}))[0] == 202
    fake = FakeSendGrid(mood="500")
    fake.next_moods.append("403")
    assert post(fake)[0] == 403


@pytest.mark.parametrize(("mood", "accepted"), [("accept_then_reset", 1), ("reset", 0)])
def test_a_reset_may_come_before_or_after_accepting(mood, accepted):
    """The client sees the same; the log knows the truth."""
    fake = FakeSendGrid(mood=mood)
    with pytest.raises(aiohttp.ClientError):
        post(fake)
    assert fake.accepted()["k1"] == accepted


def test_429_says_when_to_come_back():
    """The three headers that the provider documents."""
    status, headers, _ = post(FakeSendGrid(mood="429"))
    assert status == 429
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(headers)
