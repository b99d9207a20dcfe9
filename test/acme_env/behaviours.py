# SPDX-License-Identifier: Apache-2.0

"""What real CAs answer: subclasses of Ca, each with where it was seen."""

from .fake_ca import Ca


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
