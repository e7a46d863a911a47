"""MongoDB: a document by its key, and one that is inserted and acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from clinigate.errors import TargetError
from clinigate.gpu_bench.database.options import Source
from clinigate.gpu_bench.database.store import in_our_words, place_of, scratch_name, trouble

__all__ = ["MongoStore"]

DOCUMENTS = 1000
#: Codes of the server: Unauthorized, AuthenticationFailed.
_NOT_LET_IN = (13, 18)


class MongoStore:
    """A database of its own on the given server."""

    def __init__(self, source: Source, *, timeout_s: float) -> None:
        self._source = source
        self._timeout_s = timeout_s
        self._name = scratch_name()
        self._client: Any = None
        self.left_behind: str | None = None
        self.description = "MongoDB"

    def __enter__(self) -> MongoStore:
        self._client = self.connect()
        try:
            with self.named("cannot lay out its scratch database"):
                self._lay_out()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _lay_out(self) -> None:
        self._client.admin.command("ping")
        documents = [{"_id": number, "record": "r" * 256} for number in range(DOCUMENTS)]
        self._client[self._name].patients.insert_many(documents)
        version = self._client.server_info().get("version", "?")
        concern = self._client.write_concern.document or "the server's default"
        self.description = f"MongoDB {version}, write concern {concern}"

    def _remove(self) -> None:
        from pymongo.errors import PyMongoError

        try:
            self._client.drop_database(self._name)
        except PyMongoError:
            self.left_behind = f"database {self._name}"
        self._client.close()

    def session(self) -> _MongoSession:
        """A pooled connection."""
        return _MongoSession(self, self.connect(), self._name)

    def connect(self) -> Any:
        """A client with one connection that never tries again behind our back.

        Raises:
            TargetError: the address is none.
        """
        from pymongo import MongoClient
        from pymongo.errors import PyMongoError

        limit = round(self._timeout_s * 1000)
        try:
            return MongoClient(
                self._source.address,
                maxPoolSize=1,
                retryReads=False,
                retryWrites=False,
                serverSelectionTimeoutMS=limit,
                connectTimeoutMS=limit,
                socketTimeoutMS=limit,
                appname="clinigate-bench",
            )
        except (PyMongoError, ValueError):
            raise self._trouble("the address is none; write mongodb://host:27017") from None

    def named(self, what: str) -> AbstractContextManager[None]:
        """See `Store`."""
        return in_our_words(lambda error: _explained(error, what), self._trouble)

    def _trouble(self, what: str) -> TargetError:
        return trouble("MongoDB", place_of(self._source.address), self._source.origin, what)


class _MongoSession:
    def __init__(self, store: MongoStore, client: Any, name: str) -> None:
        self._store = store
        self._client = client
        self._patients = client[name].patients
        self._audit = client[name].audit

    @property
    def operations(self) -> Mapping[str, Callable[[int], object]]:
        return {"find_one": self._find, "insert_one": self._insert}

    def close(self) -> None:
        self._client.close()

    def _find(self, number: int) -> object:
        found = self._patients.find_one({"_id": number * 787 % DOCUMENTS})
        if found is None:
            raise TargetError("MongoDB: the scratch data is gone; did somebody remove it?")
        return found

    def _insert(self, number: int) -> object:
        return self._audit.insert_one({"actor": "clinician", "subject": number})


def _explained(error: Exception, what: str) -> str | None:
    """What went wrong without the client's own words; None where it is none of the client's."""
    from pymongo import errors

    if isinstance(error, errors.OperationFailure) and error.code in _NOT_LET_IN:
        return "refuses the credentials"
    if isinstance(error, errors.ServerSelectionTimeoutError):
        return "refuses connections or does not answer in time"
    if isinstance(error, errors.NetworkTimeout):
        return "does not answer in time"
    return f"{what} ({type(error).__name__})" if isinstance(error, errors.PyMongoError) else None
