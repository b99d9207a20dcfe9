# SPDX-License-Identifier: Apache-2.0

"""What real CAs answer: subclasses of Ca, each with where it was seen."""

from cryptography import x509

from . import jws
from .fake_ca import URN, Answer, Ca, problem
from .fake_chain import CROSSED


class Prevalidated(Ca):
    """The first of an order's names needs no validation any more."""

    def created(self, order):
        self.set_authz(order.authzs[0], "valid")
        order.authzs[0].known = True

    def known_object(self, authz, document):
        return document

    def authz_object(self, authz):
        document = super().authz_object(authz)
        if getattr(authz, "known", False):
            return self.known_object(authz, document)
        return document


class NoChallenges(Prevalidated):
    """acmebot 690"""

    def known_object(self, authz, document):
        return dict(document, challenges=[])


class ChallengesAbsent(Prevalidated):
    def known_object(self, authz, document):
        del document["challenges"]
        return document


class ChallengesNull(Prevalidated):
    def known_object(self, authz, document):
        return dict(document, challenges=None)


class ChallengeBare(Prevalidated):
    """ruby acme-client 234: no token, no URL"""

    def known_object(self, authz, document):
        return dict(document, challenges=[{"type": "http-01",
                                           "status": "valid"}])


class Sectigo(Prevalidated):
    """acme.sh 4150, acme2certifier 122: a challenge of its own kind, and a
    wildcard that was not ordered"""

    def known_object(self, authz, document):
        return dict(document, wildcard=True, challenges=[{
            "type": "sectigo-email-01", "status": "valid",
            "validated": "2026-10-27T12:45:39Z"}])


class PendingFirst(NoChallenges):
    """newOrder does not know yet that nothing is left to do."""

    def answered(self, request, answer):
        if request.stage == "newOrder":
            answer.update(status="pending")
        return answer


class OfParent(Prevalidated):
    """RFC 8555 7.1.3: a name is covered by its parent's authorization."""

    def created(self, order):
        parent = order.names[0].split(".", 1)[1]
        order.authzs[0] = self.new_authz(parent)
        self.set_authz(order.authzs[0], "valid")


class MoreThanNames(Ca):
    def created(self, order):
        more = self.new_authz("example.org")
        self.set_authz(more, "valid")
        order.authzs.append(more)


class SameTwice(Ca):
    """One authorization for both names, listed for each."""

    def created(self, order):
        order.authzs = [order.authzs[0], order.authzs[0]]


class WildcardPending(Ca):
    """acme2certifier 122, before the validation"""

    def authz_object(self, authz):
        return dict(super().authz_object(authz), wildcard=True)


class NoFinalize(Ca):
    """Entrust, win-acme 2570, with its spelling: what is over is not told."""

    def order_object(self, order):
        document = super().order_object(order)
        if order.status == "valid":
            del document["finalize"]
            document["identififiers"] = document.pop("identifiers")
            document["authorizations"] = None
        return document


class EmptyMembers(Ca):
    """Servers in Go that leave nothing out, in .NET that write null
    (openbao 1248), and ones whose times have no zone."""

    def order_object(self, order):
        document = {"certificate": "", "error": None, "notBefore": ""}
        document.update(super().order_object(order))
        return dict(document, expires=document["expires"][:-1])

    def authz_object(self, authz):
        return dict(super().authz_object(authz), wildcard=None, expires="")

    def challenge_object(self, authz):
        return dict({"error": "", "validated": ""},
                    **super().challenge_object(authz))

    def directory(self):
        return dict(super().directory(), keyChange="", newAuthz=None,
                    revokeCert="/acme/revoke", renewalInfo="")

    def meta(self):
        return {"termsOfService": None, "website": 7, "profiles": "",
                "caaIdentities": ["internal-ca", None],
                "externalAccountRequired": ""}


class AccountExists(Ca):
    """boulder 3799, acme2certifier 109: of an account that exists the URL is
    told, and nothing else. The answer that made it is lost."""

    body = b"{}"

    def answered(self, request, answer):
        if request.stage == "newAccount" and answer.status == 201:
            answer.drop = True
        elif request.stage == "newAccount" and answer.status == 200:
            answer.set(self.body)
        return answer


class AccountExistsEmpty(AccountExists):
    body = b""


class AccountNoStatus(Ca):
    """pebble 90, Nexus"""

    def account_object(self, account):
        return {"status": "", "contact": None}


READERS = {kind.__name__.lower(): kind for kind in (
    NoChallenges, ChallengesAbsent, ChallengesNull, ChallengeBare, Sectigo,
    PendingFirst, OfParent, MoreThanNames, SameTwice, WildcardPending,
    NoFinalize, EmptyMembers, AccountExists, AccountExistsEmpty,
    AccountNoStatus)}


class Alternates(Ca):
    """Another chain, told of in a header of another form."""

    alternates = (CROSSED,)
    link = '<%(base)s/alternate/%(id)s>;rel="alternate"'

    def answered(self, request, answer):
        if request.stage == "certificate" and answer.status == 200:
            answer.header("Link", self.link % {
                "base": self.base, "id": request.order.id,
                "path": "/%s" % self.name})
        return answer


class AlternateBlanks(Alternates):
    """nginx-acme 82"""

    link = '<%(base)s/alternate/%(id)s> ; rel = "alternate"'


class AlternateUpper(Alternates):
    link = '<%(base)s/alternate/%(id)s>;REL="Alternate"'


class AlternateList(Alternates):
    link = '<%(base)s/dir>;rel="index", ' \
        '<%(base)s/alternate/%(id)s>;title="a, b";rel="chain alternate"'


class AlternateRelative(Alternates):
    link = '<../alternate/%(id)s>;rel="alternate"'


class AlternatePath(Alternates):
    link = '<%(path)s/alternate/%(id)s>;rel=alternate'


class RelativeLocation(Alternates):
    """Of accounts and orders."""

    def answered(self, request, answer):
        for name, value in answer.headers:
            if name == "Location":
                answer.header(name, value[len("https://localhost:12345"):]
                              if request.stage == "newAccount"
                              else value[len(self.base) + 1:])
        return super().answered(request, answer)


LINKS = {kind.__name__.lower(): kind for kind in (
    Alternates, AlternateBlanks, AlternateUpper, AlternateList,
    AlternateRelative, AlternatePath, RelativeLocation)}


class NonceByGet(Ca):
    """lego 2512, freessl: HEAD is refused."""

    status = 405

    def instead(self, request):
        if request.stage == "newNonce" and request.method == "HEAD":
            answer = Answer(self.status, b"")
            answer.nonce = False
            return answer
        return None


class NonceByGet404(NonceByGet):
    status = 404


class NonceByGet501(NonceByGet):
    status = 501


class ByteOrderMark(Ca):
    """IIS"""

    def answered(self, request, answer):
        if "json" in answer.content_type and answer.body:
            answer.set(b"\xef\xbb\xbf" + answer.body)
        return answer


class CommonName(Ca):
    """ADCS 16, acme2certifier 98: a CSR without a common name is refused."""

    def instead(self, request):
        if request.stage == "finalize":
            csr = x509.load_der_x509_csr(jws.decode(request.said["csr"]))
            names = [name.value for name in csr.subject]
            if names != request.order.names[:1]:
                return problem(400, "badCSR", "CN Invalid.")
        return None


TOLERATED = {kind.__name__.lower(): kind for kind in (
    NonceByGet, NonceByGet404, NonceByGet501, ByteOrderMark, CommonName)}


class Fails(Ca):
    """Some words in some form, and where they lead: says is in the detail of
    the problem, to_fix in the advice, at is the activity."""

    says = None
    to_fix = ""
    at = None


class NoType(Fails):
    """ZeroSSL, community.crypto 651"""

    says = "The account has no quota left"
    to_fix = "quota"
    at = "placing the order"

    def instead(self, request):
        if request.stage == "newOrder":
            return Answer(403, {"status": 403, "detail": self.says},
                          "application/problem+json")
        return None


class MessageForType(Fails):
    """acme2certifier 92"""

    says = "unable to enroll: key too small"
    to_fix = "ACMEPrivateKeys"
    at = "finalizing the order"

    def instead(self, request):
        if request.stage == "finalize":
            return Answer(400, {"status": 400, "message": URN + "badCSR",
                                "detail": self.says})
        return None


class PlainText(Fails):
    says = ' came a text, "no template for you"'
    to_fix = "report to the CA"
    at = "finalizing the order"

    def instead(self, request):
        if request.stage == "finalize":
            return Answer(403, "no template for you", "text/plain")
        return None


class OrderError(Fails):
    """The order is invalid after finalize; its error is a text."""

    says = "Certificate template not available"
    to_fix = "the names were validated"
    at = "issuance by the CA"

    def finalized(self, order):
        order.status = "invalid"
        order.error = self.error()

    def error(self):
        return self.says


class OrderUntyped(OrderError):
    def error(self):
        return {"status": "403", "message": self.says}


class OrderSilent(OrderError):
    says = "does not say why"
    to_fix = "report to the CA"

    def error(self):
        return None


class ChallengeText(Fails):
    """One validation fails, and its error is a text."""

    says = "connection refused by peer"
    to_fix = "see what the CA says"
    at = "validation by the CA"

    def tell(self, authz):
        if authz.identifier["value"].startswith("www."):
            super().tell(authz)
        else:
            self.set_authz(authz, "invalid", self.says)


class NoOrders(Fails):
    """unauthorized, but not of a validation"""

    says = "domains are to be registered first"
    to_fix = "permission"
    at = "placing the order"

    def instead(self, request):
        if request.stage == "newOrder":
            return problem(403, "unauthorized", self.says)
        return None


class NoNonces(Fails):
    says = "newNonce (https://localhost:%d/nononces/nonce) gave no nonce"
    to_fix = "its directory was read"

    def instead(self, request):
        if request.stage == "newNonce":
            answer = Answer(405, b"")
            answer.nonce = False
            return answer
        return None


class WebPage(Fails):
    says = 'https://localhost:%d/webpage/dir is no ACME directory: it gives ' \
        'a web page, "Welcome to nginx!"'
    to_fix = "ACMECertificateAuthority"

    def instead(self, request):
        return Answer(200, "<!DOCTYPE html><html><head>\n<title>Welcome to "
                      "nginx!</title></head></html>", "text/html")


class WebPage404(WebPage):
    says = 'status 404 and no explanation; to GET ' \
        'https://localhost:%d/webpage404/dir came a web page, ' \
        '"Welcome to nginx!"'

    def instead(self, request):
        answer = super().instead(request)
        answer.status = 404
        return answer


class NotADirectory(Fails):
    says = "https://localhost:%d/notadirectory/dir is no ACME directory: the " \
        "directory that the CA sent has no newNonce"
    to_fix = "ACMECertificateAuthority"

    def directory(self):
        return {"keys": [], "issuer": self.base}


class FinalizeMissing(Fails):
    says = "has no finalize: https://localhost:%d/finalizemissing/order/"
    to_fix = "report to the CA"

    def order_object(self, order):
        return dict(super().order_object(order), finalize=None)


WORDS = {kind.__name__.lower(): kind for kind in (
    NoType, MessageForType, PlainText, OrderError, OrderUntyped, OrderSilent,
    ChallengeText, NoOrders, NoNonces, WebPage, WebPage404, NotADirectory,
    FinalizeMissing)}
