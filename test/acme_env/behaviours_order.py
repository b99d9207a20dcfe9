# SPDX-License-Identifier: Apache-2.0

"""What real CAs answer about an order under way, and about its certificate:
subclasses of Ca, each with where it was seen."""

import datetime

from . import fake_chain
from .fake_ca import Answer, Ca, problem
from .fake_chain import CROSSED, INTERMEDIATE, OTHER_ROOT, ROOT, names_of, pem

# -- statuses in unusual places -----------------------------------------------


class NotTaken(Ca):
    """acme.sh 6402, DigiCert in cert-manager 2700: the first finalize is
    answered with an order that is ready, and nothing comes of it."""

    def instead(self, request):
        if request.stage == "finalize" and request.number == 1:
            return Answer(200, self.order_object(request.order))
        return None


class FailsForNow(Ca):
    """The issuance fails once: the order is ready again."""

    def finalized(self, order):
        if self.counts("finalize") > 1:
            self.issue(order)

    def answered(self, request, answer):
        order = request.order
        if request.stage == "order" and order.status == "processing":
            order.status = "ready"
        return answer


class SeenLate(Ca):
    """A replica that lags: the order is still ready after finalize."""

    lag = 1

    def answered(self, request, answer):
        if request.stage in ("finalize", "order") and self.lag \
                and request.order.leaf:
            self.lag -= 1
            return answer.update(status="ready", certificate=None)
        return answer


class NeverReady(Ca):
    """An order is pending until it is finalized."""

    def created(self, order):
        for authz in order.authzs:
            self.set_authz(authz, "valid")

    def order_object(self, order):
        document = super().order_object(order)
        if document["status"] == "ready":
            document["status"] = "pending"
        return document


class PendingAgain(Ca):
    """A ready order is pending once more, for a moment."""

    def answered(self, request, answer):
        if request.stage == "finalize" and request.number == 1:
            request.order.status, request.order.leaf = "ready", None
            return answer.update(status="pending", certificate=None)
        return answer


class ReadyAtOnce(Ca):
    """Prevalidated names."""

    def created(self, order):
        for authz in order.authzs:
            self.set_authz(authz, "valid")


class LateUrl(Ca):
    """Valid, and the certificate's URL comes two polls later."""

    lag = 2

    def answered(self, request, answer):
        if request.stage in ("finalize", "order") and self.lag \
                and request.order.leaf:
            self.lag -= 1
            return answer.update(certificate=None)
        return answer


class HeardTwice(Ca):
    """The answer to finalize is lost, the order looks ready, and the second
    finalize is refused because the first was heard."""

    lag = 1

    def answered(self, request, answer):
        if request.stage == "finalize" and self.lag:
            answer.drop = True
        elif request.stage == "finalize":
            return problem(400, "malformed", "it was finalized before")
        elif request.stage == "order" and request.order.leaf and self.lag:
            self.lag -= 1
            return answer.update(status="ready", certificate=None)
        return answer


STATUSES = {"nottaken": NotTaken, "failsfornow": FailsForNow,
            "seenlate": SeenLate, "neverready": NeverReady,
            "pendingagain": PendingAgain, "readyatonce": ReadyAtOnce,
            "lateurl": LateUrl, "heardtwice": HeardTwice}

# -- not there yet -------------------------------------------------------------


class Lagging(Ca):
    """boulder 6593, cert-manager 8939: what was just made is not known to
    all servers, for two requests."""

    stage = None

    def instead(self, request):
        if request.stage == self.stage and request.number <= 2:
            return problem(404, "malformed", "no such thing yet")
        return None


def lagging(stage):
    return type("Lagging" + stage, (Lagging,), {"stage": stage})


LAGS = {"late" + stage.lower(): lagging(stage) for stage in
        ("authz", "challenge", "order", "finalize", "certificate")}

# -- chains --------------------------------------------------------------------


class Chain(Ca):
    """A certificate in an unusual form; the chain that is served is as
    ever."""

    content_type = "application/pem-certificate-chain"
    form = "%(leaf)s%(issuer)s"

    def chain(self, order):
        return self.form % {"leaf": pem(order.leaf), "issuer": INTERMEDIATE.pem,
                            "root": ROOT.pem, "crossed": CROSSED.pem,
                            "other": OTHER_ROOT.pem}

    def answered(self, request, answer):
        if request.stage == "certificate":
            answer.content_type = self.content_type
        return answer


def chain(form, **members):
    return type("Chain", (Chain,), dict(members, form=form))


GOOD = "%(leaf)s%(issuer)s"
CHAINS = {
    # ACME-PS 120
    "reversed": chain("%(issuer)s%(leaf)s"),
    "rootfirst": chain("%(root)s%(issuer)s%(leaf)s"),
    # dehydrated 526
    "twice": chain("%(leaf)s%(leaf)s%(issuer)s%(issuer)s"),
    "bothroots": chain("%(leaf)s%(issuer)s%(other)s"),
    # certbot 6321
    "text": chain("subject=\n%(leaf)s\nissuer=\n%(issuer)send\n"),
    "bom": chain("\ufeff\r\n" + GOOD),
    "octets": chain(GOOD, content_type="application/octet-stream"),
    "html": chain(GOOD, content_type="text/html; charset=utf-8"),
    "notype": chain(GOOD, content_type=""),
}

# -- refused -------------------------------------------------------------------


class Refused(Ca):
    """A certificate that cannot be used, until it is mended."""

    mended = False

    def issue(self, order):
        if self.mended:
            super().issue(order)
        else:
            self.spoil(order)
            order.status = "valid"

    def spoil(self, order):
        order.leaf = self.issuer.issue(
            order.csr.public_key(), names_of(order.csr), self.life,
            self.backdate)


class WrongKey(Refused):
    def spoil(self, order):
        order.leaf = self.issuer.issue(
            fake_chain.new_key().public_key(), names_of(order.csr), self.life,
            self.backdate)


class WrongNames(Refused):
    def spoil(self, order):
        order.leaf = self.issuer.issue(order.csr.public_key(),
                                       ["other.test"], self.life,
                                       self.backdate)


class WithKey(Refused):
    """The private key of somebody, in the answer."""

    def chain(self, order):
        if self.mended:
            return super().chain(order)
        return super().chain(order) + "-----BEGIN PRIVATE KEY-----\n" \
            "c2VjcmV0\n-----END PRIVATE KEY-----\n"


REFUSED = {"wrongkey": WrongKey, "wrongnames": WrongNames, "withkey": WithKey}


class NotYetValid(Ca):
    """Valid from tomorrow on, as seen from here."""

    backdate = -datetime.timedelta(days=1)


class NoIssuer(Ca):
    """Another issuer than the leaf's is behind it."""

    def chain(self, order):
        return pem(order.leaf) + OTHER_ROOT.pem


class Unreadable(Ca):
    """A page in place of the certificate, for six requests."""

    def instead(self, request):
        if request.stage == "certificate" and request.number <= 6:
            return Answer(200, "<html>Please wait</html>", "text/html")
        return None


AGAIN = {"notyetvalid": NotYetValid, "noissuer": NoIssuer,
         "unreadable": Unreadable}
