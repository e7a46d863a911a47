"""How to verify a bundle with openssl, sha256sum and a shell, without Clinigate.

The commands take all they check from the signed statement, never from this program, and the public
key from the auditor's own copy.
"""

from __future__ import annotations

import shlex

from clinigate.errors import EvidenceError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.names import PAYLOAD_TYPE, PROOF, STAMP, UNSIGNED_STATEMENT, WITNESSED
from clinigate.evidence.statement import MEANING

__all__ = ["explain_openssl"]

_SCRIPT = """\
#!/bin/sh
# Verify the evidence of run {run} without Clinigate: POSIX shell, openssl 3, coreutils.
# {meaning}
set -eu
BUNDLE={bundle}              # the run's directory, or its zip after: unzip -d DIRECTORY FILE
KEY=${{KEY:-trusted.pem}}      # the signer's public key, from a source that you trust
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# 1. Which key is it? Compare with the fingerprint that its owner published.
openssl pkey -pubin -in "$KEY" -pubout -outform DER | sha256sum | sed 's/ .*/  is the key id/'

# 2. The statement and its signatures, out of the envelope.
sed -n 's/^{{"payload":"\\([^"]*\\)".*/\\1/p' "$BUNDLE/{statement}" |
  openssl base64 -d -A > "$WORK/statement.json"
grep -o '"sig":"[^"]*"' "$BUNDLE/{statement}" | sed 's/"sig":"\\(.*\\)"/\\1/' > "$WORK/signatures"

# 3. What was signed: DSSE's pre-authentication encoding of payload type and payload.
{{ printf 'DSSEv1 {type_length} {type} %d ' "$(wc -c < "$WORK/statement.json")"
  cat "$WORK/statement.json"; }} > "$WORK/signed"

# 4. One of the signatures is of that key over exactly these bytes.
FOUND=no
while read -r SIGNATURE; do
  printf '%s' "$SIGNATURE" | openssl base64 -d -A > "$WORK/sig"
  if openssl pkey -pubin -in "$KEY" -text -noout | grep -q ED25519
  then openssl pkeyutl -verify -pubin -inkey "$KEY" -rawin -in "$WORK/signed" \\
         -sigfile "$WORK/sig" > "$WORK/log" 2>&1 && FOUND=yes
  else openssl dgst -sha256 -verify "$KEY" -signature "$WORK/sig" "$WORK/signed" \\
         > "$WORK/log" 2>&1 && FOUND=yes
  fi || true
done < "$WORK/signatures"
[ "$FOUND" = yes ] || {{ echo 'FAILED: not signed by this key'; exit 1; }}
echo 'signature: OK'

# 5. Every file that the statement names has its digest.
grep -o '{{"digest":{{"sha256":"[0-9a-f]*"}},"name":"[^"]*"}}' "$WORK/statement.json" |
  sed 's/{{"digest":{{"sha256":"\\([0-9a-f]*\\)"}},"name":"\\(.*\\)"}}/\\1  \\2/' |
  grep -v '^[0-9a-f]*  system:' > "$WORK/SHA256SUMS"
(cd "$BUNDLE" && sha256sum --check --strict --quiet "$WORK/SHA256SUMS") ||
  {{ echo 'FAILED: files were changed'; exit 1; }}
echo 'digests: OK'

# 6. No file was added. Outside of the seal are the envelope, proofs, records, exports.
(cd "$BUNDLE" && find . ! -type d | sed 's,^\\./,,' |
  grep -v -x -e '{beside}' -e 'records/.*' -e 'exports/.*' |
  LC_ALL=C sort) > "$WORK/present"
sed 's/^[0-9a-f]*  //' "$WORK/SHA256SUMS" | LC_ALL=C sort > "$WORK/stated"
diff "$WORK/stated" "$WORK/present" || {{ echo 'FAILED: files were added'; exit 1; }}
echo 'no file added: OK'

# 7. What it says.
grep -o '"status":"[A-Z]*","subject"' "$WORK/statement.json" | sed 's/,"subject"//'
grep -o '"counts":{{[^}}]*}}' "$WORK/statement.json"
"""


def explain_openssl(bundle: Bundle) -> str:
    """Return a shell script by which an auditor verifies signature and files of a bundle.

    It reads the public key from `$KEY` (a PEM file, `trusted.pem` by default), prints what it
    found, and exits with 1 at the first thing that does not hold.

    Raises:
        EvidenceError: the run is UNSIGNED, so that there is nothing for openssl to verify.
    """
    if bundle.statement_name == UNSIGNED_STATEMENT:
        raise EvidenceError(
            f"run {bundle.run} is UNSIGNED, which leaves openssl nothing to verify; seal with a key"
        )
    beside = (bundle.statement_name, PROOF, WITNESSED, STAMP)
    return _SCRIPT.format(
        run=bundle.run,
        meaning=MEANING,
        bundle=shlex.quote(str(bundle.path)),
        statement=bundle.statement_name,
        type=PAYLOAD_TYPE,
        type_length=len(PAYLOAD_TYPE),
        beside="' -e '".join(name.replace(".", r"\.") for name in beside),
    )
