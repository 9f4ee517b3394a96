"""A payment provider and a carrier for skald: the contract of docs/providers.md
with nothing but Python's standard library.

The ledger is in memory, to be short. A real one is a database table with the
key as its primary key, and each method of Ledger is one transaction.

    SKALD_PROVIDER_SECRET=whsec_… python3 provider.py 127.0.0.1:9000
"""
import base64, hashlib, hmac, json, os, re, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class Ledger:
    """Answers (status, answer); entries holds (what was asked, what is known) by key."""

    def __init__(self, refusal):
        self.lock, self.entries, self.refusal = threading.Lock(), {}, refusal

    def do(self, key, body):
        asked = json.loads(body)
        before, known = self.entries.get(key, (None, {}))
        if known.get("state") in ("voided", "undone"):
            return 409, {"code": "voided", "message": "this key is closed"}
        if known and before != asked:
            return 409, {"code": "other_request", "message": "this key was used for another request"}
        if known.get("state") != "done":  # else it is a repeat: nothing is done, and the answer is the same
            refusal = self.refusal(asked)
            known = {"state": "refused", **refusal} if refusal else {"state": "done", "reference": "done-" + key}
            self.entries[key] = asked, known  # here the money is captured, or the parcel booked
        return (422 if known["state"] == "refused" else 200), known

    def undo(self, key, _):
        asked, known = self.entries.get(key, (None, {}))
        if known.get("state") not in ("done", "undone"):
            return 409, {"code": "nothing_done", "message": "nothing was done under this key"}
        self.entries[key] = asked, {"state": "undone", "reference": "undone-" + key}  # here it is taken back
        return 200, self.entries[key][1]

    def void(self, key, _):  # closes a key even if it was never seen: the request may still be on its way
        if self.entries.get(key, (None, {}))[1].get("state") not in ("done", "undone"):
            self.entries[key] = None, {"state": "voided"}
        return 200, self.entries[key][1]

    def lookup(self, key, _):
        if key in self.entries:
            return 200, self.entries[key][1]
        return 404, {"code": "unknown_key", "message": "this key was never seen"}


charges = Ledger(lambda r: r["token"] == "tok_declined" and
                 {"code": "card_declined", "message": "the card was declined"})
bookings = Ledger(lambda r: r["ship_to"]["country"] == "AQ" and
                  {"code": "address_not_served", "message": "no delivery to this country"})
OPERATIONS = [  # method, path, operation ID, what answers
    ("POST", "/charges", "charge", charges, charges.do),
    ("POST", "/charges/([^/]+)/refund", "refund", charges, charges.undo),
    ("POST", "/charges/([^/]+)/void", "voidCharge", charges, charges.void),
    ("GET", "/charges/([^/]+)", "lookupCharge", charges, charges.lookup),
    ("POST", "/bookings", "book", bookings, bookings.do),
    ("POST", "/bookings/([^/]+)/cancel", "cancel", bookings, bookings.undo),
    ("POST", "/bookings/([^/]+)/void", "voidBooking", bookings, bookings.void),
    ("GET", "/bookings/([^/]+)", "lookupBooking", bookings, bookings.lookup),
]


def signed(secret, operation, key, body, headers):
    """Says whether skald signed this within the last 5 minutes. The ID is not
    read from the header: it must be that of this operation with this key."""
    at = headers.get("Webhook-Timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", at) or abs(time.time() - int(at)) > 300:
        return False
    text = f"{operation}_{hashlib.sha256(key.encode()).hexdigest()}.{at}.".encode() + body
    want = "v1," + base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()
    return any([hmac.compare_digest(got.encode(), want.encode()) for got in headers.get("Webhook-Signature", "").split()])


class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm, timeout = "HTTP/1.1", True, 60
    log_message = lambda *_: None

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > 1 << 16:
            return self.send_error(413)
        body = self.rfile.read(length)
        status, answer = 404, {"code": "no_route", "message": "there is no such operation"}
        for method, path, operation, ledger, run in OPERATIONS:
            found = re.fullmatch(path, self.path)
            if found and method == self.command:
                key = unquote(found[1]) if found.groups() else self.headers.get("Idempotency-Key", "")
                status, answer = 401, {"code": "bad_signature", "message": "the signature does not fit the request"}
                if signed(SECRET, operation, key, body, self.headers):
                    with ledger.lock:
                        try:
                            status, answer = run(key, body)
                        except (ValueError, KeyError, TypeError):
                            status, answer = 400, {"code": "malformed", "message": "the body is not what the contract says"}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer


if __name__ == "__main__":
    SECRET = base64.b64decode(os.environ["SKALD_PROVIDER_SECRET"].removeprefix("whsec_"), validate=True)
    if len(SECRET) < 24:
        sys.exit("SKALD_PROVIDER_SECRET must be whsec_ and the base64 of at least 24 bytes")
    host, port = sys.argv[1].rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    print("listening on http://%s:%d" % server.server_address[:2], flush=True)
    server.serve_forever()
