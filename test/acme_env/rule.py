# SPDX-License-Identifier: Apache-2.0

"""What a Gate does with requests, and changes of a CA's responses."""

import base64
import json


class Rule:
    """For requests whose path starts so: another response, a changed one, or
    none. after: how many pass unchanged first; times: for how many it applies,
    all if None; naming: only for those whose (signed) payload has this text.
    """

    def __init__(self, path, answer=None, change=None, drop=False, times=None,
                 after=0, naming=None):
        self.path = path
        self.answer = answer
        self.change = change
        self.drop = drop
        self._times = times
        self._after = after
        self._naming = naming

    def takes(self, path, body):
        if not path.startswith(self.path) or self._times == 0:
            return False
        if self._naming and self._naming not in payload(body):
            return False
        if self._after:
            self._after -= 1
            return False
        if self._times:
            self._times -= 1
        return True


def payload(body):
    """The payload of a signed request."""
    try:
        text = json.loads(body)["payload"]
        return base64.urlsafe_b64decode(text + "===").decode()
    except (KeyError, TypeError, ValueError):
        return ""


def names_ordered(body):
    """The names in a newOrder request."""
    return [identifier["value"] for identifier
            in json.loads(payload(body))["identifiers"]]


def problem(kind, detail, **members):
    """The text of an ACME error document, and its Content-Type."""
    document = {"type": "urn:ietf:params:acme:error:" + kind,
                "detail": detail}
    document.update(members)
    return json.dumps(document), "application/problem+json"


def about(name, kind, detail):
    """A subproblem."""
    return {"type": "urn:ietf:params:acme:error:" + kind, "detail": detail,
            "identifier": {"type": "dns", "value": name}}


def members(*headers, **values):
    """Changes members of the document, and headers."""
    def change(status, old, body):
        document = json.loads(body)
        document.update(values)
        names = [name.lower() for name, _ in headers]
        kept = [item for item in old if item[0].lower() not in names]
        return status, kept + list(headers), json.dumps(document).encode()
    return change


def invalid_authorization(reasons):
    """An authorization after a validation that has failed. reasons: {name:
    (the problem's kind, the CA's words)}; other names do not change."""
    def change(status, headers, body):
        document = json.loads(body)
        name = document["identifier"]["value"]
        if name in reasons:
            document["status"] = "invalid"
            for challenge in document["challenges"]:
                challenge["status"] = "invalid"
                challenge["error"] = json.loads(problem(*reasons[name])[0])
        return status, headers, json.dumps(document).encode()
    return change


def truncated(status, headers, body):
    return status, headers, body[:len(body) // 2]


def of_type(content_type):
    """The same, by another name."""
    def change(status, headers, body):
        kept = [item for item in headers if item[0].lower() != "content-type"]
        return status, kept + [("Content-Type", content_type)], body
    return change
