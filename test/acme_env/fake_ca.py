# SPDX-License-Identifier: Apache-2.0

"""A programmable CA: a decent one (RFC 8555), any answer of which a subclass
can change. Signatures, nonces, URLs and CSRs are verified, and challenges are
fetched. fake_server.py lets it be reached.

A behaviour is a subclass of Ca that overrides
  - an object: directory(), meta(), account_object(), order_object(),
    authz_object(), challenge_object(), chain();
  - an event: created(order), tell(authz) when a challenge is answered,
    finalized(order) when a CSR has been taken;
  - instead(request): an Answer before the CA acts (nonce and signature were
    good), or None to let it act;
  - answered(request, answer): the Answer to send in place of that one.

Stages, for `request.stage` and counts(): directory, newNonce, newAccount,
account, newOrder, order, authz, challenge, finalize, certificate, alternate,
keyChange, revokeCert, renewalInfo."""

import datetime
import json
import os
import threading
import urllib.error
import urllib.request

from cryptography import x509

from . import fake_chain, jws, procs
from .fake_chain import CROSSED, INTERMEDIATE, names_of, now, pem

URN = "urn:ietf:params:acme:error:"


def rfc3339(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Answer:
    """A response. body: text, bytes, or a value that becomes JSON. drop: the
    connection ends instead. delay: seconds before it is sent. wire: what sends
    it, if that is not the server (behaviours_wire.py). nonce: it has a nonce
    if responses of that stage usually have one."""

    def __init__(self, status=200, body=b"", content_type="application/json",
                 headers=()):
        self.status = status
        self.content_type = content_type
        self.headers = list(headers)
        self.drop = False
        self.delay = 0
        self.wire = None
        self.nonce = True
        self.set(body)

    def set(self, body):
        if isinstance(body, str):
            body = body.encode()
        self.body = body if isinstance(body, bytes) \
            else json.dumps(body).encode()
        return self

    def json(self):
        return json.loads(self.body)

    def update(self, **members):
        """Sets other members; removes those that are None."""
        document = self.json()
        document.update(members)
        return self.set({name: value for name, value in document.items()
                         if value is not None})

    def header(self, name, value=None):
        """Sets another value of a header, or removes it."""
        self.headers = [item for item in self.headers
                        if item[0].lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))
        return self


def problem(status, kind, detail, **members):
    document = {"type": URN + kind, "detail": detail, "status": status}
    document.update(members)
    return Answer(status, document, "application/problem+json")


class Request:
    """stage: see above; id: the last part of the path; number: the count of
    this stage, from 1; said: the payload of a signed request; account: whose
    it is; order, authz: what it is about, if anything."""

    def __init__(self, method, path, stage, number):
        self.method = method
        self.path = path
        self.stage = stage
        self.id = path.rsplit("/", 1)[-1]
        self.number = number
        self.protected = {}
        self.payload = ""
        self.said = {}
        self.account = None
        self.order = None
        self.authz = None


class Thing:
    """An account, an order or an authorization of a CA."""

    def __init__(self, **members):
        self.__dict__.update(members)


class Ca:
    """requests: all requests, in order. http_port: the port of challenges. All
    state is in memory, and is changed under `lock`."""

    life = datetime.timedelta(days=90)
    backdate = datetime.timedelta(hours=1)
    issuer = INTERMEDIATE
    # Signers of the alternate chains.
    alternates = ()
    ari = False
    # {key identifier: secret}, if accounts need a binding.
    eab_keys = None

    def __init__(self, name, base, http_port=None):
        self.name = name
        self.base = base
        self.http_port = http_port
        self.lock = threading.RLock()
        self.requests = []
        self.accounts = {}
        self.orders = {}
        self.authzs = {}
        self.revoked = []
        self._nonces = set()
        self._last_id = 0
        self._handlers = {
            "dir": ("directory", "GET", self._get_directory),
            "nonce": ("newNonce", "GET HEAD", self._get_nonce),
            "new-account": ("newAccount", "POST", self._new_account),
            "account": ("account", "POST", self._post_account),
            "new-order": ("newOrder", "POST", self._new_order),
            "order": ("order", "POST", self._post_order),
            "authz": ("authz", "POST", self._post_authz),
            "challenge": ("challenge", "POST", self._post_challenge),
            "finalize": ("finalize", "POST", self._finalize),
            "cert": ("certificate", "POST", self._certificate),
            "alternate": ("alternate", "POST", self._alternate),
            "key-change": ("keyChange", "POST", self._key_change),
            "revoke": ("revokeCert", "POST", self._revoke),
            "ari": ("renewalInfo", "GET", self._renewal_info)}

    @property
    def directory_url(self):
        return self.base + "/dir"

    # -- for tests --------------------------------------------------------

    def counts(self, stage):
        """How many requests came for a stage."""
        return sum(1 for request in self.requests if request.stage == stage)

    def issued(self):
        """The orders for which a certificate was issued."""
        return [order for order in self.orders.values() if order.leaf]

    # -- what behaviours override -----------------------------------------

    def instead(self, request):
        return None

    def answered(self, request, answer):
        return answer

    def unheard(self, path):
        """Returns what a server of HTTP/2 does with a stream, (connection,
        stream), before the CA hears of it; or None."""
        return None

    def meta(self):
        meta = {"termsOfService": "https://ca.test/terms"}
        if self.eab_keys:
            meta["externalAccountRequired"] = True
        return meta

    def directory(self):
        urls = {"newNonce": "nonce", "newAccount": "new-account",
                "newOrder": "new-order", "revokeCert": "revoke",
                "keyChange": "key-change"}
        if self.ari:
            urls["renewalInfo"] = "ari"
        document = {name: "%s/%s" % (self.base, path)
                    for name, path in urls.items()}
        document["meta"] = self.meta()
        return document

    def account_object(self, account):
        return {"status": account.status, "contact": account.contact,
                "orders": "%s/account/%s/orders" % (self.base, account.id)}

    def order_object(self, order):
        document = {
            "status": order.status, "expires": rfc3339(order.expires),
            "identifiers": order.identifiers,
            "authorizations": ["%s/authz/%s" % (self.base, authz.id)
                               for authz in order.authzs],
            "finalize": "%s/finalize/%s" % (self.base, order.id)}
        if order.status == "valid":
            document["certificate"] = "%s/cert/%s" % (self.base, order.id)
        if order.error:
            document["error"] = order.error
        return document

    def authz_object(self, authz):
        document = {"identifier": authz.identifier, "status": authz.status,
                    "expires": rfc3339(now() + datetime.timedelta(days=7)),
                    "challenges": self.challenges(authz)}
        if authz.wildcard:
            document["wildcard"] = True
        return document

    def challenges(self, authz):
        return [self.challenge_object(authz),
                {"type": "dns-01", "status": "pending",
                 "url": "%s/challenge/%s/dns" % (self.base, authz.id),
                 "token": authz.token}]

    def challenge_object(self, authz):
        document = {"type": "http-01", "status": authz.challenge,
                    "url": "%s/challenge/%s" % (self.base, authz.id),
                    "token": authz.token}
        if authz.error:
            document["error"] = authz.error
        return document

    def created(self, order):
        """Called with an order before it is sent."""

    def tell(self, authz):
        """Called when the client says that the challenge is ready."""
        self.validate(authz)

    def finalized(self, order):
        """Called with an order that has its CSR and is processing."""
        self.issue(order)

    def chain(self, order):
        """The certificates to be downloaded."""
        return pem(order.leaf) + self.issuer.pem

    # -- what behaviours use ----------------------------------------------

    def new_id(self):
        self._last_id += 1
        return str(self._last_id)

    def nonce(self):
        nonce = jws.encode(os.urandom(12))
        self._nonces.add(nonce)
        return nonce

    def new_authz(self, name, **members):
        """Makes a pending authorization."""
        kind = "ip" if name.replace(".", "").isdigit() or ":" in name \
            else "dns"
        authz = Thing(id=self.new_id(), status="pending", challenge="pending",
                      wildcard=name.startswith("*."),
                      identifier={"type": kind, "value": name[2:] if
                                  name.startswith("*.") else name},
                      token=jws.encode(os.urandom(24)), error=None,
                      account=None)
        authz.__dict__.update(members)
        self.authzs[authz.id] = authz
        return authz

    def validate(self, authz):
        """Fetches the answer to the challenge and judges it."""
        wanted = "%s.%s" % (authz.token, authz.account.thumbprint)
        host = authz.identifier["value"]
        request = urllib.request.Request(
            "http://127.0.0.1:%d/.well-known/acme-challenge/%s"
            % (self.http_port, authz.token), headers={"Host": host})
        kind, detail = "unauthorized", "the answer is another"
        try:
            with urllib.request.urlopen(
                    request, timeout=procs.GIVE_UP) as answer:
                got = answer.read(1000).decode(errors="replace").strip()
        except urllib.error.HTTPError as error:
            got, detail = None, "status %d" % error.code
        except OSError as error:
            got, kind, detail = None, "connection", str(error)
        if got == wanted:
            self.set_authz(authz, "valid")
        else:
            self.set_authz(authz, "invalid", {
                "type": URN + kind, "status": 403,
                "detail": "%s: %s" % (host, detail)})

    def set_authz(self, authz, status, error=None):
        authz.status = authz.challenge = status
        authz.error = error

    def settle(self, order):
        """Sets the status of a pending order once its authorizations are
        decided."""
        if order.status == "pending":
            states = {authz.status for authz in order.authzs}
            if states <= {"valid"}:
                order.status = "ready"
            elif states - {"valid", "pending"}:
                order.status = "invalid"

    def issue(self, order):
        order.leaf = self.issuer.issue(order.csr.public_key(),
                                       names_of(order.csr), self.life,
                                       self.backdate)
        order.status = "valid"

    # -- a request --------------------------------------------------------

    def stage_of(self, path):
        return self._handlers.get(path.split("/")[1], ("unknown",))[0]

    def receive(self, method, path, body):
        """Returns the Answer to a request; path is the part after our base."""
        parts = path.split("/")
        stage, methods, handler = self._handlers.get(
            parts[1], ("unknown", "", None))
        with self.lock:
            request = Request(method, path, stage, self.counts(stage) + 1)
            self.requests.append(request)
            if not handler or method not in methods.split():
                answer = problem(405 if handler else 404, "malformed",
                                 "there is nothing for %s %s" % (method, path))
            else:
                answer = self._admit(request, body) if method == "POST" \
                    else None
                if not answer:
                    self._find(request, parts)
                    answer = self.instead(request) or handler(request)
            answer = self.answered(request, answer) or answer
            if (method == "POST" or stage == "newNonce") \
                    and answer.nonce \
                    and not any(name.lower() == "replay-nonce"
                                for name, _ in answer.headers):
                answer.header("Replay-Nonce", self.nonce())
            return answer

    def _admit(self, request, body):
        """Returns a refusal of a request that is not signed as it must be, or
        None."""
        try:
            signed = jws.Jws(body)
            request.protected = signed.protected
            request.payload, request.said = signed.payload, signed.said
            nonce = signed.protected.get("nonce")
            if nonce not in self._nonces:
                return problem(400, "badNonce", "the nonce is not known")
            self._nonces.discard(nonce)
            url = self.base + request.path
            if signed.protected.get("url") != url:
                return problem(403, "unauthorized", "signed for another URL")
            if "jwk" in signed.protected:
                if request.stage not in ("newAccount", "revokeCert"):
                    return problem(400, "malformed", "jwk instead of kid")
                signed.verify(signed.protected["jwk"])
                return None
            kid = signed.protected.get("kid", "").rsplit("/", 1)[-1]
            request.account = self.accounts.get(kid)
            if not request.account:
                return problem(400, "accountDoesNotExist", "no such account")
            signed.verify(request.account.jwk)
            if request.account.status != "valid":
                return problem(403, "unauthorized", "the account is "
                               + request.account.status)
        except jws.BadRequest as error:
            return problem(400, "malformed", str(error))
        return None

    def _find(self, request, parts):
        number = parts[2] if len(parts) > 2 else None
        if request.stage in ("order", "finalize", "certificate", "alternate"):
            request.order = self.orders.get(number)
        elif request.stage in ("authz", "challenge"):
            request.authz = self.authzs.get(number)
        if request.order:
            self.settle(request.order)

    # -- handlers, one per stage ------------------------------------------

    def _get_directory(self, request):
        return Answer(200, self.directory())

    def _get_nonce(self, request):
        return Answer(200 if request.method == "HEAD" else 204, b"")

    def _place(self, account):
        return [("Location", "%s/account/%s" % (self.base, account.id))]

    def _new_account(self, request):
        jwk = request.protected["jwk"]
        known = jws.thumbprint(jwk)
        for account in self.accounts.values():
            if account.thumbprint == known:
                request.account = account
                return Answer(200, self.account_object(account),
                              headers=self._place(account))
        if request.said.get("onlyReturnExisting"):
            return problem(400, "accountDoesNotExist", "no account for it")
        if self.eab_keys:
            refusal = self._check_binding(request)
            if refusal:
                return refusal
        account = Thing(id=self.new_id(), jwk=jwk, thumbprint=known,
                        status="valid", said=request.said,
                        contact=request.said.get("contact", []))
        self.accounts[account.id] = account
        request.account = account
        return Answer(201, self.account_object(account),
                      headers=self._place(account))

    def _check_binding(self, request):
        binding = request.said.get("externalAccountBinding")
        if not binding:
            return problem(400, "externalAccountRequired", "no binding")
        signed = jws.Jws(json.dumps(binding))
        secret = self.eab_keys.get(signed.protected.get("kid"))
        if not secret or signed.said != request.protected["jwk"]:
            return problem(403, "unauthorized", "an unknown binding")
        signed.verify_hmac(secret)
        return None

    def _post_account(self, request):
        if request.id != request.account.id:
            return problem(403, "unauthorized", "the account of another")
        request.account.contact = request.said.get("contact",
                                                   request.account.contact)
        request.account.status = request.said.get("status",
                                                  request.account.status)
        return Answer(200, self.account_object(request.account))

    def _key_change(self, request):
        inner = jws.Jws(request.payload)
        jwk = inner.protected["jwk"]
        inner.verify(jwk)
        if jws.thumbprint(inner.said["oldKey"]) != request.account.thumbprint:
            return problem(400, "malformed", "another key was the old one")
        request.account.jwk = jwk
        request.account.thumbprint = jws.thumbprint(jwk)
        return Answer(200, self.account_object(request.account))

    def _order_answer(self, order, status=200):
        self.settle(order)
        return Answer(status, self.order_object(order), headers=[
            ("Location", "%s/order/%s" % (self.base, order.id))])

    def _new_order(self, request):
        identifiers = request.said["identifiers"]
        order = Thing(id=self.new_id(), identifiers=identifiers,
                      status="pending", error=None, leaf=None, csr=None,
                      account=request.account,
                      expires=now() + datetime.timedelta(days=1))
        order.names = [item["value"] for item in identifiers]
        order.authzs = [self.new_authz(name) for name in order.names]
        self.created(order)
        for authz in order.authzs:
            authz.account = request.account
        self.orders[order.id] = order
        request.order = order
        return self._order_answer(order, 201)

    def _missing(self, what):
        return problem(404, "malformed", "no such %s" % what)

    def _post_order(self, request):
        if not request.order:
            return self._missing("order")
        return self._order_answer(request.order)

    def _post_authz(self, request):
        if not request.authz:
            return self._missing("authorization")
        return Answer(200, self.authz_object(request.authz))

    def _post_challenge(self, request):
        authz = request.authz
        if not authz:
            return self._missing("challenge")
        if request.payload:
            if authz.challenge != "pending":
                return problem(400, "malformed", "it is not pending")
            self.tell(authz)
        return Answer(200, self.challenge_object(authz), headers=[
            ("Link", '<%s/authz/%s>;rel="up"' % (self.base, authz.id))])

    def _finalize(self, request):
        order = request.order
        if not order:
            return self._missing("order")
        if order.status != "ready":
            return problem(403, "orderNotReady", "it is " + order.status)
        csr = x509.load_der_x509_csr(jws.decode(request.said["csr"]))
        if not csr.is_signature_valid:
            return problem(400, "badCSR", "nobody has signed it")
        if sorted(names_of(csr)) != sorted(set(order.names)):
            return problem(400, "badCSR", "it is for other names")
        order.csr = csr
        order.status = "processing"
        self.finalized(order)
        return self._order_answer(order)

    def _certificate(self, request):
        order = request.order
        if not order or not order.leaf:
            return self._missing("certificate")
        answer = Answer(200, self.chain(order),
                        "application/pem-certificate-chain")
        answer.headers += [
            ("Link", '<%s/alternate/%s/%d>;rel="alternate"'
             % (self.base, order.id, number))
            for number in range(len(self.alternates))]
        return answer

    def _alternate(self, request):
        order = request.order
        signers = self.alternates or (CROSSED,)
        number = request.path.split("/")[3:]
        signer = signers[int(number[0]) if number else 0]
        return Answer(200, pem(order.leaf) + signer.pem,
                      "application/pem-certificate-chain")

    def _revoke(self, request):
        cert = x509.load_der_x509_certificate(
            jws.decode(request.said["certificate"]))
        if cert.serial_number in self.revoked:
            return problem(400, "alreadyRevoked", "it is revoked")
        self.revoked.append(cert.serial_number)
        return Answer(200, b"")

    def _renewal_info(self, request):
        """A window that begins when a third of the certificate's life is left.
        """
        start = fake_chain.now() + self.life * 2 / 3
        return Answer(200, {"suggestedWindow": {
            "start": rfc3339(start),
            "end": rfc3339(start + datetime.timedelta(days=1))}},
            headers=[("Retry-After", "21600")])
