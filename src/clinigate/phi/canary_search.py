"""Find canaries in bytes of any kind and length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from clinigate.phi.canaries import Patient
from clinigate.phi.canary_engine import Needle, Spots, Spotter, spotter
from clinigate.phi.forms import Literal, forms_of
from clinigate.phi.packed import HEADS, Packed, open_packed
from clinigate.phi.wrapped import SOFT_BREAK, breaks_in, pieces_of, unwrapped

__all__ = ["CanaryHit", "CanarySearch", "CanaryStream"]

#: What is packed in what is packed is opened so often.
_DEEPEST = 3
#: So many bytes are gathered, and cut off, for an engine to see at once.
_LEAST, _MOST = 2**20, 32 * 2**20
#: How base64 is called that was broken into lines.
_LINES = "base64 in lines"


@dataclass(frozen=True, slots=True)
class CanaryHit:
    """Where a canary stands.

    Attributes:
        patient, field: which value of which patient.
        form: how it is written there.
        start, end: the span in the bytes; of what is compressed, where the stream begins.
    """

    patient: str
    field: str
    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Known:
    """A literal, and whose value it is a form of."""

    literal: Literal
    patient: str
    field: str

    def at(self, start: int, end: int) -> CanaryHit:
        return CanaryHit(self.patient, self.field, self.literal.form, start, end)


class CanarySearch:
    """Looks for the values of some patients in every form of them; for any number of threads."""

    def __init__(self, patients: Iterable[Patient]) -> None:
        known: dict[tuple[bytes, bool], _Known] = {}
        for patient in patients:
            for field, value in patient.values.items():
                for each in forms_of(value):
                    known.setdefault((each.data, each.folded), _Known(each, patient.id, field))
        self._known = tuple(known.values())
        self._engines: _Engines | None = None

    def __bool__(self) -> bool:
        return bool(self._known)

    def search(self, data: bytes) -> list[CanaryHit]:
        """Return each place once, in order; of forms over each other the first and longest.

        What lies compressed there is searched too.
        """
        found = list(self.search_stream([data]))
        return sorted(found, key=lambda hit: (hit.start, hit.end))

    def search_stream(self, chunks: Iterable[bytes]) -> Iterator[CanaryHit]:
        """Yield what stands in the bytes of all chunks, wherever these were cut.

        Places count from the first byte of the first chunk. Memory is that of the longest chunk.
        Hits come in order but for those in compressed streams, which come as these are read.
        """
        stream = self.stream()
        for chunk in chunks:
            yield from stream.feed(chunk)
        yield from stream.finish()

    def stream(self, *, gather: int = _LEAST) -> CanaryStream:
        """Return a search that is fed as bytes come in, and looks at so many of them at a time."""
        if self._engines is None:
            self._engines = _Engines(self._known)
        return CanaryStream(self._engines, gather=gather)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a literal that its encoder may break into lines: `literal[start:]` begins so."""

    known: _Known
    start: int
    data: bytes


class _Engines:
    """The literals as they stand, and those that stand in what was put together again."""

    def __init__(self, known: Sequence[_Known]) -> None:
        self.known = known
        self.pieces = [
            _Piece(each, start, each.literal.data[start:end])
            for each in known
            if each.literal.form == "base64"
            for start, end in pieces_of(each.literal.data)
        ]
        needles = [*_needles(known), *(Needle(piece.data, False) for piece in self.pieces)]
        self.all = spotter(needles, (*HEADS, SOFT_BREAK)) if known else None
        soft = ("plain", "latin-1", "quoted-printable")
        self.printable = tuple(each for each in known if each.literal.form in soft)
        self._printable: Spotter | None = None
        longest = max((len(each.literal.data) for each in known), default=0)
        #: A broken value is longer than its literal: by a break and its indentation a line.
        self.reach = 3 * longest + 64

    def in_print(self, data: bytes) -> Spots:
        """Find what quoted-printable leaves as it is or escapes; few texts are such."""
        if self._printable is None:
            self._printable = spotter(_needles(self.printable))
        return self._printable.spot(data)


def _needles(known: Iterable[_Known]) -> tuple[Needle, ...]:
    return tuple(Needle(each.literal.data, each.literal.folded) for each in known)


class CanaryStream:
    """One search through bytes that come in pieces.

    Attributes:
        cut: how many compressed streams hold more than was read of them.
    """

    def __init__(self, engines: _Engines, *, gather: int = _LEAST, depth: int = _DEEPEST) -> None:
        self.cut = 0
        self._engines, self._gather, self._depth = engines, gather, depth
        self._held: list[bytes] = []
        self._size = 0
        #: Where the first held byte stands.
        self._base = 0
        #: Where the last hit ends: what begins before lies over it.
        self._taken = 0
        self._open: list[_Opened] = []

    def feed(self, data: bytes) -> list[CanaryHit]:
        """Return what is found, now that these bytes have come."""
        found: list[CanaryHit] = []
        for at in range(0, len(data), _MOST):
            piece = data if len(data) <= _MOST else data[at : at + _MOST]
            found += self._unpacked(piece)
            self._held.append(piece)
            self._size += len(piece)
            if self._size >= self._gather + self._engines.reach:
                found += self._looked(last=False)
        return found

    def finish(self) -> list[CanaryHit]:
        """Return what is found, now that no more comes."""
        found = self._looked(last=True)
        for opened in self._open:
            found += opened.finish()
            self.cut += opened.cut
        self._open = []
        return found

    def _unpacked(self, piece: bytes) -> list[CanaryHit]:
        """Give the bytes to the streams that began before them."""
        found = []
        for opened in self._open:
            found += opened.feed(piece)
            self.cut += opened.cut if opened.ended else 0
        self._open = [opened for opened in self._open if not opened.ended]
        return found

    def _looked(self, *, last: bool) -> list[CanaryHit]:
        """Search what is held; what begins near its end is left for when more has come."""
        engine = self._engines.all
        data = b"".join(self._held) if len(self._held) != 1 else self._held[0]
        if engine is None or not data:
            return []
        until = len(data) if last else len(data) - self._engines.reach
        spots = engine.spot(data)
        found = self._settled(self._hits(data, spots), until)
        for head in range(len(HEADS)):
            for at, _ in spots.marks.get(head, ()):
                if at < until:
                    found += self._begun(head, data, at)
        self._held, self._size, self._base = [data[until:]], len(data) - until, self._base + until
        return found

    def _hits(self, data: bytes, spots: Spots) -> list[CanaryHit]:
        known, pieces = self._engines.known, self._engines.pieces
        count = len(known)
        hits = []
        for start, end, index in spots.needles:
            if index < count:
                hits.append(known[index].at(start, end))
            else:
                hits += self._in_lines(data, start, pieces[index - count])
        hits += self._in_print(data, spots.marks.get(len(HEADS), ()))
        return sorted(hits, key=lambda hit: (hit.start, -hit.end))

    def _in_lines(self, data: bytes, at: int, piece: _Piece) -> Iterator[CanaryHit]:
        """Look whether the rest of a literal stands around a piece of it, on other lines."""
        reach, literal = self._engines.reach, piece.known.literal.data
        breaks = breaks_in(data, at - reach, at + reach)
        for whole in unwrapped(data, breaks, reach):
            start = whole.data.find(literal)
            while start >= 0:
                if span := whole.span(start, start + len(literal)):
                    yield CanaryHit(piece.known.patient, piece.known.field, _LINES, *span)
                start = whole.data.find(literal, start + 1)

    def _in_print(self, data: bytes, breaks: Sequence[tuple[int, int]]) -> Iterator[CanaryHit]:
        """Look for what soft breaks of quoted-printable have broken."""
        for whole in unwrapped(data, breaks, self._engines.reach):
            for start, end, index in self._engines.in_print(whole.data).needles:
                if span := whole.span(start, end):
                    known = self._engines.printable[index]
                    yield CanaryHit(known.patient, known.field, "quoted-printable", *span)

    def _settled(self, hits: Iterable[CanaryHit], until: int) -> list[CanaryHit]:
        """Keep what begins before a place, and of hits over each other the first and longest.

        Decided in order of place, so that it does not matter where the bytes were cut.
        """
        kept = []
        for hit in hits:
            start, end = hit.start + self._base, hit.end + self._base
            if hit.start < until and start >= self._taken:
                self._taken = end
                kept.append(CanaryHit(hit.patient, hit.field, hit.form, start, end))
        return kept

    def _begun(self, head: int, data: bytes, at: int) -> list[CanaryHit]:
        """Read what may be a compressed stream; most beginnings are none, and show it at once."""
        if self._depth == 0:
            return []
        packed = open_packed(head)
        pieces = packed.feed(data, at)
        first = next(pieces, b"")
        if packed.ended and not first:
            self.cut += packed.cut
            return []
        opened = _Opened(
            packed, CanaryStream(self._engines, depth=self._depth - 1), self._base + at
        )
        found = opened.searched(chain([first], pieces))
        if opened.ended:
            self.cut += opened.cut
        else:
            self._open.append(opened)
        return found


class _Opened:
    """A compressed stream, and the search of what comes out of it."""

    def __init__(self, packed: Packed, inside: CanaryStream, at: int) -> None:
        self._packed, self._inside, self._at = packed, inside, at
        self._seen: set[tuple[str, str]] = set()
        self.ended = False

    @property
    def cut(self) -> int:
        """How many streams in it, itself included, hold more than was read."""
        return self._packed.cut + self._inside.cut

    def feed(self, data: bytes) -> list[CanaryHit]:
        """Return what is found, now that these bytes have come."""
        return self.searched(self._packed.feed(data))

    def finish(self) -> list[CanaryHit]:
        """Return what is found, now that no more comes."""
        return self.searched(self._packed.finish())

    def searched(self, pieces: Iterable[bytes]) -> list[CanaryHit]:
        """Search what has come out."""
        found = [hit for piece in pieces for hit in self._inside.feed(piece)]
        if self._packed.ended:
            self.ended = True
            found += self._inside.finish()
        return self._here(found)

    def _here(self, hits: Iterable[CanaryHit]) -> list[CanaryHit]:
        """Each value once, at the place where the stream begins."""
        found = []
        for hit in hits:
            if (hit.patient, hit.field) not in self._seen:
                self._seen.add((hit.patient, hit.field))
                found.append(CanaryHit(hit.patient, hit.field, "compressed", self._at, self._at))
        return found
