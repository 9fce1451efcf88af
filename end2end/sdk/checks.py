"""Databricks' own client against the double: `checks.py NAME`, with the double's places in the environment (DOUBLE_URL,
DOUBLE_CONTROL). A check that does not hold ends the program by its exception. Must not know how the double works."""

import base64
import io
import json
import os
import sys
import time
import urllib.request

from databricks.sdk import WorkspaceClient
from databricks.sdk import errors
from databricks.sdk.core import Config
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

URL = os.environ.get("DOUBLE_URL", "")
CONTROL = os.environ.get("DOUBLE_CONTROL", "")
ANA = "ana@example.com"
HOME = f"/Users/{ANA}"


def order(**what):
    """Gives the double an order; what there is then."""
    body = json.dumps(what).encode()
    request = urllib.request.Request(CONTROL, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def client(token="dapi-of-ana", **settings):
    return WorkspaceClient(config=Config(host=URL, token=token, auth_type="pat", **settings))


def refused(kind, what, code=None):
    """The refusal that something meets, which is of exactly this kind."""
    try:
        what()
    except errors.DatabricksError as error:
        assert type(error) is kind, f"{type(error)}: {error}"
        assert code is None or error.error_code == code, error.error_code
        return error
    raise AssertionError(f"it was not refused as {kind}")


def people():
    order(do="give", token="dapi-of-ana", who=ANA)
    order(do="join", who=ANA, group="data")
    ana = client()
    me = ana.current_user.me()
    assert me.user_name == ANA and me.active, me
    assert {group.display for group in me.groups} == {"users", "data"}, me.groups
    names = [group.display_name for group in ana.groups.list()]
    assert sorted(names) == ["admins", "data", "users"], names
    (data,) = ana.groups.list(filter='displayName eq "data"')
    assert [member.display for member in ana.groups.get(data.id).members] == [ANA]
    refused(errors.NotFound, lambda: ana.groups.get("1"))


def tokens():
    order(do="give", token="dapi-of-ana", who=ANA)
    ana = client()
    made = ana.tokens.create(comment="for a while", lifetime_seconds=600)
    info = made.token_info
    assert info.expiry_time - info.creation_time == 600_000, info
    assert client(made.token_value).current_user.me().user_name == ANA
    assert info.token_id in [token.token_id for token in ana.tokens.list()]
    ana.tokens.delete(info.token_id)
    assert info.token_id not in [token.token_id for token in ana.tokens.list()]
    refused(errors.PermissionDenied, client(made.token_value).current_user.me)
    refused(errors.ResourceDoesNotExist, lambda: ana.tokens.delete(info.token_id))
    refused(errors.InvalidParameterValue, lambda: ana.tokens.create(lifetime_seconds=0))

    # One that died by itself, and one that somebody else ended.
    short = ana.tokens.create(lifetime_seconds=60).token_value
    order(do="jump", seconds=61)
    refused(errors.PermissionDenied, client(short).current_user.me)
    early = ana.tokens.create(lifetime_seconds=60).token_value
    client(early).current_user.me()
    order(do="revoke", token=early)
    refused(errors.PermissionDenied, client(early).current_user.me)
    order(do="minting", minting="off")
    refused(errors.NotFound, lambda: ana.tokens.create(lifetime_seconds=60), "FEATURE_DISABLED")


def files():
    order(do="give", token="dapi-of-ana", who=ANA)
    space = client().workspace
    folder = f"{HOME}/one/two"
    space.mkdirs(folder)
    space.mkdirs(folder)
    content = bytes(range(256)) * 64
    path = f"{folder}/data.bin"
    space.upload(path, io.BytesIO(content), format=ImportFormat.AUTO)
    assert space.download(path).read() == content
    exported = space.export(f"/Workspace{path}", format=ExportFormat.AUTO)
    assert base64.b64decode(exported.content) == content
    again = lambda **more: space.upload(path, io.BytesIO(b"new"), format=ImportFormat.RAW, **more)
    refused(errors.ResourceAlreadyExists, again)
    again(overwrite=True)
    assert space.download(path).read() == b"new"
    found = space.get_status(path)
    assert (found.object_type, found.size) == (ObjectType.FILE, 3), found

    notebook = f"{folder}/notebook"
    text = b"# Databricks notebook source\nprint(1)\n"
    space.upload(f"{notebook}.py", io.BytesIO(text), format=ImportFormat.AUTO)
    found = space.get_status(notebook)
    assert (found.object_type, found.language) == (ObjectType.NOTEBOOK, Language.PYTHON), found
    assert space.download(notebook).read() == text
    space.import_(f"{folder}/query", content=base64.b64encode(b"select 1").decode(), language=Language.SQL,
                  format=ImportFormat.SOURCE)
    names = {entry.path.rsplit("/", 1)[1] for entry in space.list(HOME, recursive=True)}
    assert names == {"data.bin", "notebook", "query"}, names

    refused(errors.ResourceDoesNotExist, lambda: list(space.list(f"{HOME}/nothing")))
    refused(errors.ResourceDoesNotExist, lambda: space.download(f"{HOME}/nothing"))
    far = lambda: space.import_(f"{HOME}/no/folder", content="", format=ImportFormat.RAW)
    refused(errors.ResourceDoesNotExist, far)
    refused(errors.PermissionDenied, lambda: space.mkdirs("/Users/ben@example.com/mine"))
    refused(errors.InvalidParameterValue, lambda: space.mkdirs("relative"))
    large = io.BytesIO(b"x" * (10 * 1024 * 1024 + 1))
    refused(errors.BadRequest, lambda: space.upload(f"{folder}/large", large, format=ImportFormat.RAW),
            "MAX_NOTEBOOK_SIZE_EXCEEDED")
    refused(errors.BadRequest, lambda: space.delete(f"{HOME}/one"), "DIRECTORY_NOT_EMPTY")
    space.delete(f"{HOME}/one", recursive=True)
    assert list(space.list(HOME)) == []


def principal():
    order(do="app", name="our-app", creator=ANA)
    order(do="principal", id="robot", secret="its-own-secret")
    sign_in = lambda secret: WorkspaceClient(host=URL, client_id="robot", client_secret=secret, auth_type="oauth-m2m")
    robot = sign_in("its-own-secret")
    assert robot.current_user.me().user_name == "robot"
    assert robot.apps.get("our-app").creator == ANA
    refused(errors.ResourceDoesNotExist, lambda: robot.apps.get("another"))
    assert order(do="heal")["exchanged"] == 1, "one token serves for all"
    order(do="jump", seconds=3700)
    # The client goes by its own clock, and finds out by being refused.
    refused(errors.Unauthenticated, robot.current_user.me)
    try:
        sign_in("another").current_user.me()
    except ValueError as error:
        assert "invalid_client" in str(error), error
    else:
        raise AssertionError("a wrong secret gets no token")
    order(do="give", token="dapi-of-ben", who="ben@example.com")
    refused(errors.PermissionDenied, lambda: client("dapi-of-ben").apps.get("our-app"))


def trouble():
    # Of these only what the client does about them is of interest: the double has tests of its own.
    order(do="give", token="dapi-of-ana", who=ANA)
    me = "/api/2.0/preview/scim/v2/Me"
    ana = client(http_timeout_seconds=3, retry_timeout_seconds=20)
    order(do="fault", fault={"kind": "too_many", "retry_after": 2}, at=me, times=1)
    assert ana.current_user.me().user_name == ANA
    asked = [asked for asked in order(do="heal")["log"] if asked["path"] == me]
    first, second = asked[0], asked[1]
    assert (first["status"], second["status"]) == (429, 200), asked
    assert second["at_ms"] - first["at_ms"] >= 2000, "it waits as long as it is told"

    order(do="fault", fault={"kind": "broken"}, at=me, times=1)
    refused(errors.InternalError, ana.current_user.me)
    # What comes too late, or by half, is asked for again.
    order(do="fault", fault={"kind": "slow", "ms": 5000}, at=me, times=1)
    assert ana.current_user.me().user_name == ANA
    elsewhere = {"kind": "redirect", "to": "http://127.0.0.1:1/"}
    order(do="fault", fault=elsewhere, at=me)
    started = time.monotonic()
    try:
        client(retry_timeout_seconds=1).current_user.me()
    except Exception as error:
        assert time.monotonic() - started < 20, error
    else:
        raise AssertionError("nobody is there")
    order(do="heal")


def profile():
    """Who the client is by ~/.databrickscfg alone, by which token, and who it is by a token that comes by standard input."""
    config = Config()
    me = WorkspaceClient(config=config).current_user.me()
    said = Config(host=config.host, token=sys.stdin.read().strip(), auth_type="pat")
    by_said = WorkspaceClient(config=said).current_user.me()
    told = {"who": me.user_name, "token": config.token, "host": config.host, "by_said": by_said.user_name}
    print(json.dumps(told))


CHECKS = [people, tokens, files, principal, trouble, profile]

if __name__ == "__main__":
    {check.__name__: check for check in CHECKS}[sys.argv[1]]()
