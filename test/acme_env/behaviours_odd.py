# SPDX-License-Identifier: Apache-2.0

"""What CAs, and servers in front of them, answer in forms of their own:
subclasses of Ca, each with where it was seen."""

import gzip

from cryptography import x509

from . import fake_chain, jws
from .fake_ca import URN, Answer, Ca, problem
from .fake_chain import CROSSED, INTERMEDIATE, OTHER_ROOT, names_of, pem

PAGE = "<html><head><title>Please wait</title></head></html>"


class Once(Ca):
    """The first request of a stage comes to nothing: something in front of the
    CA has answered."""

    stage = None
    status = 403
    headers = ()
    page = PAGE

    def instead(self, request):
        if request.stage == self.stage and request.number == 1:
            return Answer(self.status, self.page, "text/html", self.headers)
        return None


def once(stage, status=403, page=PAGE, **members):
    return type("Once" + stage, (Once,), dict(members, stage=stage,
                                              status=status, page=page))


# -- forms ---------------------------------------------------------------------


class Gzip(Ca):
    """A proxy that compresses whatever is asked for (RFC 9110 12.5.3)"""

    def answered(self, request, answer):
        if answer.body:
            answer.body = gzip.compress(answer.body)
            answer.headers.append(("Content-Encoding", "gzip"))
        return answer


class HeadersTwice(Ca):
    """A proxy that adds headers which are there already"""

    def answered(self, request, answer):
        if request.method == "POST" or request.stage == "newNonce":
            answer.header("Replay-Nonce", self.nonce())
        answer.headers += [("X-Kind", "odd")] + [
            (name, value) for name, value in answer.headers if name != "Link"]
        return answer


class Members(Ca):
    """Members that are not used, in forms that parsers refuse"""

    more = b""

    def answered(self, request, answer):
        if answer.body.startswith(b'{"'):
            answer.body = b"{" + self.more + b"," + answer.body[1:]
        return answer


class MembersTwice(Members):
    more = b'"x":1,"x":"two","status":"odd"'


class BigNumber(Members):
    """A serial number that is no text"""

    more = b'"serial":123456789012345678901234567890'


class UpperCase(Ca):
    def order_object(self, order):
        document = super().order_object(order)
        return dict(document, status=document["status"].upper())

    def authz_object(self, authz):
        document = super().authz_object(authz)
        return dict(document, status=document["status"].capitalize(),
                    identifier={"type": "DNS", "value":
                                document["identifier"]["value"].upper() + "."})


class OldNonces(Ca):
    """golang.org/x/crypto/acme: types as in the drafts of RFC 8555"""

    def instead(self, request):
        if request.stage in ("newOrder", "finalize") and request.number == 1:
            return Answer(400, {"type": "urn:acme:error:badNonce",
                                "detail": "JWS has an invalid nonce"},
                          "application/problem+json")
        return None


class AccountConflict(Ca):
    """As before RFC 8555: of an account that exists the URL comes with 409.
    The answer that made it is lost."""

    def answered(self, request, answer):
        if request.stage == "newAccount" and answer.status == 201:
            answer.drop = True
        elif request.stage == "newAccount" and answer.status == 200:
            refusal = problem(409, "malformed", "the key is in use")
            refusal.headers = answer.headers
            return refusal
        return answer


class FinalizeSilent(Ca):
    """Finalize is heard, and the answer is another thing than the order."""

    status = 202

    def body(self, order):
        return ""

    def answered(self, request, answer):
        if request.stage == "finalize" and answer.status == 200:
            return Answer(self.status, self.body(request.order), "text/plain")
        return answer


class FinalizeCertificate(FinalizeSilent):
    status = 200

    def body(self, order):
        return self.chain(order)


class ChallengeText(Ca):
    def answered(self, request, answer):
        if request.stage == "challenge" and answer.status == 200:
            return Answer(200, "OK", "text/plain")
        return answer


class NothingToAuthorize(Ca):
    """Pending, with no authorization, for two polls"""

    polls = 0

    def created(self, order):
        order.authzs = []

    def settle(self, order):
        if order.status == "pending":
            self.polls += 1
            if self.polls > 3:
                order.status = "ready"


class YearOne(Ca):
    """Servers in Go that send their zero time"""

    def order_object(self, order):
        return dict(super().order_object(order),
                    expires="0001-01-01T00:00:00Z")

    def authz_object(self, authz):
        return dict(super().authz_object(authz),
                    expires="0001-01-01T00:00:00Z")


def has_name(request):
    csr = x509.load_der_x509_csr(jws.decode(request.said["csr"]))
    return [name.value for name in csr.subject] == request.order.names[:1]


class NameMissing(Ca):
    """A CSR without a common name is refused, in some words."""

    def refusal(self):
        return problem(400, "malformed", "Common Name is required")

    def instead(self, request):
        if request.stage == "finalize" and not has_name(request):
            return self.refusal()
        return None


class NameMissingUntyped(NameMissing):
    def refusal(self):
        return Answer(400, {"status": 400, "message": "CN missing"})


class NameMissingLater(Ca):
    """The same, and it is found when the order cannot be had any more."""

    def instead(self, request):
        if request.stage == "finalize" and not has_name(request):
            request.order.status = "invalid"
            request.order.error = {"type": URN + "badCSR",
                                   "detail": "CN Invalid."}
            return Answer(200, dict(self.order_object(request.order),
                                    status="processing", error=None))
        return None


class Alternate(Ca):
    """The chain that is preferred would be refused."""

    alternates = (CROSSED,)

    def spoil(self, order):
        return pem(order.leaf) + OTHER_ROOT.pem

    def answered(self, request, answer):
        if request.stage == "alternate":
            answer.set(self.spoil(request.order))
        return answer


class AlternateOther(Alternate):
    """It is for another key."""

    def spoil(self, order):
        leaf = INTERMEDIATE.issue(fake_chain.new_key().public_key(),
                                  names_of(order.csr), self.life,
                                  self.backdate)
        return pem(leaf) + CROSSED.pem


class ChainBroken(Ca):
    """The first chain has the wrong issuer, the second is good."""

    alternates = (INTERMEDIATE,)

    def chain(self, order):
        return pem(order.leaf) + OTHER_ROOT.pem


FORMS = {kind.__name__.lower(): kind for kind in (
    Gzip, HeadersTwice, MembersTwice, BigNumber, UpperCase, OldNonces,
    AccountConflict, FinalizeSilent, FinalizeCertificate, ChallengeText,
    NothingToAuthorize, YearOne, NameMissing, NameMissingUntyped,
    NameMissingLater, Alternate, AlternateOther, ChainBroken)}
FORMS.update(
    finalizepage=once("finalize", 200), finalizeempty=once("finalize", 200, ""),
    tooslow=once("finalize", 408), tooearly=once("challenge", 425))

# -- in front of the CA --------------------------------------------------------

AWAY = (("Location", "https://localhost:1/maintenance"),)
FRONTS = {
    "wallauthz": once("authz"), "wallchallenge": once("challenge"),
    "wallorder": once("order"), "wallfinalize": once("finalize"),
    "wallcertificate": once("certificate"),
    "awaychallenge": once("challenge", 302, "", headers=AWAY),
    "awayfinalize": once("finalize", 307, "", headers=AWAY),
    "pagechallenge": once("challenge", 200),
    "loginfinalize": once("finalize", 401),
}


class Moves(Ca):
    """An issuance takes until the CA has moved newOrder. A wall answers the
    first request for the order after that."""

    moved = False
    walls = 1

    def __init__(self, *args):
        super().__init__(*args)
        self._handlers["v2"] = self._handlers["new-order"]

    def directory(self):
        document = super().directory()
        if self.moved:
            document["newOrder"] = self.base + "/v2/order"
        return document

    def finalized(self, order):
        pass

    def instead(self, request):
        if self.moved and request.stage == "order":
            if self.walls:
                self.walls -= 1
                return Answer(403, PAGE, "text/html")
            if not request.order.leaf:
                self.issue(request.order)
        return None
