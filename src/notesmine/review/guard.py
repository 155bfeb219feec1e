"""Who may ask: one browser, from one page, on this machine.

The page is reached by a link that works once and gives the browser a cookie; after that a request
must bear the cookie, name this very server, and, to change anything, come from the page itself.
The page lies in a folder of a random name, and the cookie with it: cookies do not tell ports apart,
and no other server of this machine is to be sent it.
"""

from __future__ import annotations

import secrets
from hmac import compare_digest

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
HTTP = 80  # the port that browsers leave out of a server's name
#: The header in which the page repeats the key that it was served with.
KEY_HEADER = "x-review-key"
MAX_BODY = 256 << 10
#: What the page may load: its own files. Nothing may frame it, and no form is sent.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
USED = (
    "This link does not open the review page. It works once: go on in the browser window where it"
    " was opened, or stop the review with Ctrl-C and start it again for a new link."
)


class Keys:
    """The secrets of one review: the link's token, the session, the page's key and folder."""

    def __init__(self) -> None:
        self.token: str | None = secrets.token_urlsafe(32)
        self.session = secrets.token_urlsafe(32)
        self.page = secrets.token_urlsafe(32)
        self.folder = f"/{secrets.token_urlsafe(12)}"

    def spend(self, token: str) -> bool:
        """Whether a token is the one of the link; after that it is not any more."""
        if self.token is None or not compare_digest(self.token.encode(), token.encode()):
            return False
        self.token = None
        return True


class Guard:
    """Lets through what comes from the page, and marks every answer.

    Parameters
    ----------
    app : ASGIApp
    keys : Keys
    port : int
        Where this server listens.
    """

    def __init__(self, app: ASGIApp, keys: Keys, port: int) -> None:
        self.app, self.keys = app, keys
        self.hosts = {f"{HOST}:{port}"} | ({HOST} if port == HTTP else set())
        self.origins = {f"http://{host}" for host in self.hosts}
        self.cookie = f"notesmine-review-{port}"  # two reviews at once: each has its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self.refusal(scope)
        inside = {**scope, "path": scope["path"].removeprefix(self.keys.folder)}
        await (answer(scope, receive, marked) if answer else self.app(inside, receive, marked))

    def refusal(self, scope: Scope) -> Response | None:
        """Return why a request is not passed on, or what its token gives; None to pass it on."""
        headers = Headers(scope=scope)
        named = headers.getlist("host")
        if len(named) != 1 or named[0] not in self.hosts:
            # Another name for this address: a page elsewhere that had its own name point here.
            return _no("This server answers to its own address only.", 421)
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins:
            return _no("Requests of other pages are not answered.")
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            # A link on another page: the cookie would not come with it. The token stays unspent.
            return _no("Paste the link into the address bar of the browser.")
        if scope["path"] == "/open":
            return self._opened(scope)
        given = cookie_parser(headers.get("cookie", "")).get(self.cookie, "")
        if not (
            compare_digest(given.encode(), self.keys.session.encode())
            and scope["path"].startswith(f"{self.keys.folder}/")
        ):
            return _no(USED)
        if scope["method"] == "GET":
            return None
        if scope["method"] != "POST":
            return _no("Only GET and POST are answered.", 405)
        key = headers.get(KEY_HEADER, "")
        if origin is None or not compare_digest(key.encode(), self.keys.page.encode()):
            return _no("Changes are taken from the review page only: reload it.")
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return _no("Only JSON is taken.", 415)
        length = headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return _no(f"A request has a length of at most {MAX_BODY} bytes.", 413)
        return None

    def _opened(self, scope: Scope) -> Response:
        token = scope["query_string"].decode("latin-1").removeprefix("token=")
        if scope["method"] != "GET" or not self.keys.spend(token):
            return _no(USED)
        folder = f"{self.keys.folder}/"
        answer = RedirectResponse(folder, 303)
        answer.set_cookie(
            self.cookie, self.keys.session, path=folder, httponly=True, samesite="strict"
        )
        return answer


def _no(why: str, status: int = 403) -> Response:
    return PlainTextResponse(why + "\n", status)
