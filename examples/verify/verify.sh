#!/bin/sh
# Verify a sealed bundle of Clinigate without Clinigate: POSIX shell, coreutils, openssl 3, jq.
#
#   verify.sh BUNDLE KEY.pem [KEYS]
#
# BUNDLE  the run's directory; of a zip: unzip -d DIRECTORY FILE, after `unzip -l` shows no name twice.
# KEY.pem the public key of who sealed it, got by another way than the bundle.
# KEYS    a directory with the public keys (*.pem) of people whose records are to be verified.
# TSA_ROOTS=roots.pem in the environment: whose time stamps count.
#
# Exit code: 0 what was looked at holds; 1 something does not, the last line says what; 4 usage.
# What it cannot see is said at the end. It reads nothing but BUNDLE and keys, and runs nothing in it.
set -eu
LC_ALL=C
export LC_ALL

fail() { printf 'FAILED: %s\n' "$1"; exit 1; }

[ $# -ge 2 ] || { echo 'usage: verify.sh BUNDLE KEY.pem [KEYS]' >&2; exit 4; }
for program in openssl jq sha256sum; do
  command -v "$program" > /dev/null || { echo "$program is not installed" >&2; exit 4; }
done
BUNDLE=$1 KEY=$2 KEYS=${3:-}
[ -d "$BUNDLE" ] || { echo "$BUNDLE: no directory; unzip a zip first" >&2; exit 4; }
[ -f "$KEY" ] || { echo "$KEY: no such key file" >&2; exit 4; }
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# The id of a key: SHA-256 of its DER form.
keyid() { openssl pkey -pubin -in "$1" -pubout -outform DER | sha256sum | cut -d ' ' -f 1; }

# verified KEY SIGNATURE MESSAGE: tell whether this key made this signature.
verified() {
  if openssl pkey -pubin -in "$1" -text -noout | grep -q ED25519
  then openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in "$3" -sigfile "$2" > /dev/null 2>&1
  else openssl dgst -sha256 -verify "$1" -signature "$2" "$3" > /dev/null 2>&1
  fi
}

# opened ENVELOPE TYPE NAME: check the form of an envelope; write NAME.payload and NAME.signed.
opened() {
  # Canonical JSON has one spelling: a field that stands twice, or a blank, was put there later.
  jq -cjS . "$1" > "$WORK/again" 2> /dev/null || fail "$3: not JSON"
  cmp -s "$WORK/again" "$1" || fail "$3: not as it was written; it was edited"
  [ "$(jq -r '.payloadType' "$1")" = "$2" ] || fail "$3: of another type than $2"
  jq -jer '.payload' "$1" | openssl base64 -d -A > "$WORK/payload" || fail "$3: no payload"
  jq -jr '.payload' "$1" > "$WORK/coded"
  openssl base64 -A -in "$WORK/payload" | cmp -s - "$WORK/coded" || fail "$3: payload was edited"
  { printf 'DSSEv1 %d %s %d ' "${#2}" "$2" "$(wc -c < "$WORK/payload")"; cat "$WORK/payload"; } \
    > "$WORK/signed"
}

# signed_with ENVELOPE KEY: tell whether one signature, under that key's own id, is of that key.
signed_with() {
  jq -r --arg id "$(keyid "$2")" '.signatures[] | select(.keyid == $id) | .sig' "$1" > "$WORK/sigs"
  while read -r signature; do
    printf '%s' "$signature" | openssl base64 -d -A > "$WORK/sig"
    [ "$(openssl base64 -A -in "$WORK/sig")" = "$signature" ] || return 1
    if verified "$2" "$WORK/sig" "$WORK/signed"; then return 0; fi
  done < "$WORK/sigs"
  return 1
}

# 1. The key.
KEYID=$(keyid "$KEY") || fail "$KEY: no public key in PEM"
echo "key $KEYID: compare with the fingerprint that its owner published"

# 2. The envelope and its signature.
ENVELOPE=$BUNDLE/statement.dsse.json
[ ! -e "$BUNDLE/statement.json" ] || fail 'statement.json: the run is UNSIGNED, or this was added'
[ -f "$ENVELOPE" ] || fail 'statement.dsse.json: missing'
[ -z "$(find "$BUNDLE" ! -type d ! -type f)" ] || fail 'a link or device, where only files belong'
opened "$ENVELOPE" application/vnd.in-toto+json statement.dsse.json
signed_with "$ENVELOPE" "$KEY" || fail 'statement.dsse.json: not signed by this key'
cp "$WORK/payload" "$WORK/statement.json"
SAID=$WORK/statement.json
[ "$(jq -r '._type + " " + .predicateType' "$SAID")" = \
  'https://in-toto.io/Statement/v1 https://clinigate.dev/evidence/v1' ] ||
  fail 'statement.dsse.json: of another type'
echo 'signature: OK'

# 3. The digest of every file that the statement names.
jq -r '.subject[] | select(.name | startswith("system:") | not) | .digest.sha256 + "  " + .name' \
  "$SAID" > "$WORK/SHA256SUMS"
[ -s "$WORK/SHA256SUMS" ] || fail 'statement.dsse.json: names no file'
grep -q -v '^[0-9a-f]\{64\}  [^/.][^\\]*$' "$WORK/SHA256SUMS" && fail 'statement.dsse.json: a name that no bundle has'
grep -q -e '  \(.*/\)\{0,1\}\.\.\(/\|$\)' "$WORK/SHA256SUMS" && fail 'statement.dsse.json: a name that leads out'
(cd "$BUNDLE" && sha256sum --check --strict --quiet "$WORK/SHA256SUMS") || fail 'files were changed'
echo "digests: OK, $(wc -l < "$WORK/SHA256SUMS") files"

# 4. No file was added: outside of the seal are the envelope, proofs, records and exports.
cut -c 67- "$WORK/SHA256SUMS" | sort > "$WORK/stated"
(cd "$BUNDLE" && find . -type f | sed 's,^\./,,' |
  grep -v -x -e 'statement\.dsse\.json' -e 'ledger\.tlog-proof' -e 'witness\.tlog-proof' \
    -e 'timestamp\.tsr' -e 'records/.*' -e 'exports/.*' | sort) > "$WORK/present"
diff "$WORK/stated" "$WORK/present" || fail 'files were added'
echo 'no file added: OK'

# 5. The statement agrees with itself and with the results.
jq -e '.predicate as $p | $p.signed == true and
  ($p.counts | to_entries | all(.key as $k | .value == ([$p.verdicts[] | select(.status == $k)] | length)))
  and ([$p.counts[]] | add) == ($p.verdicts | length)' "$SAID" > /dev/null ||
  fail 'statement.dsse.json: its counts are not those of its verdicts'
jq -cS '[.predicate.run, (.predicate.verdicts | map([.criterion, .metric, .scope, .status]))]' \
  "$SAID" > "$WORK/told"
jq -cS '[.run, (.verdicts | map([.criterion, .metric, .scope, .status]))]' \
  "$BUNDLE/results.json" > "$WORK/found"
cmp -s "$WORK/told" "$WORK/found" || fail 'results.json: other verdicts than the statement'
echo 'verdicts: the same in statement and results'

# 6. What people signed: each record by every signer that it names, over this statement.
STATEMENT=$(sha256sum < "$SAID" | cut -d ' ' -f 1)
UNSEEN=0
: > "$WORK/keys"
if [ -n "$KEYS" ]; then
  for key in "$KEYS"/*.pem; do
    [ -f "$key" ] && printf '%s %s\n' "$(keyid "$key")" "$key" >> "$WORK/keys"
  done
fi
for record in "$BUNDLE"/records/*; do
  [ -e "$record" ] || continue
  name=records/${record##*/}
  if [ -z "$KEYS" ]; then
    UNSEEN=$((UNSEEN + 1))
    continue
  fi
  opened "$record" application/vnd.clinigate.record+json "$name"
  cp "$WORK/payload" "$WORK/record.json"
  jq -r '.signers[].keyid' "$WORK/record.json" > "$WORK/signers" || fail "$name: names no signers"
  [ -s "$WORK/signers" ] || fail "$name: names no signers"
  while read -r id; do
    key=$(sed -n "s/^$id //p" "$WORK/keys" | head -n 1)
    [ -n "$key" ] || fail "$name: signed as $id, whose key is not in $KEYS"
    signed_with "$record" "$key" || fail "$name: not signed by $key"
  done < "$WORK/signers"
  if [ "$(jq -r '.subject.kind' "$WORK/record.json")" = run ]; then
    [ "$(jq -r '.subject.digest' "$WORK/record.json")" = "sha256:$STATEMENT" ] ||
      fail "$name: is about another run"
  fi
  jq -r --arg name "$name" '"record \($name): \(.kind) by " +
    ([.signers[] | "\(.name) (\(.role))"] | join(", ")) + ", about this \(.subject.kind): OK"' \
    "$WORK/record.json"
done

# 7. A time stamp of somebody else, over the envelope as it lies there.
if [ ! -f "$BUNDLE/timestamp.tsr" ]; then
  echo "time: self-asserted, $(jq -r '.predicate.sealedAt' "$SAID")"
elif [ -z "${TSA_ROOTS:-}" ]; then
  echo 'time: not proven, there is a time stamp; give TSA_ROOTS to verify it'
elif openssl ts -verify -data "$ENVELOPE" -in "$BUNDLE/timestamp.tsr" -CAfile "$TSA_ROOTS" \
  > "$WORK/log" 2>&1; then
  openssl ts -reply -in "$BUNDLE/timestamp.tsr" -text | sed -n 's/^Time stamp: /time: OK, /p'
else
  fail 'timestamp.tsr: time not proven: not by these authorities, or over another envelope'
fi

# 8. What it says.
jq -r '.predicate | "run \(.run), \(.status): " +
  ([.counts | to_entries[] | select(.value > 0) | "\(.value) \(.key)"] | join(", "))' "$SAID"
[ "$UNSEEN" = 0 ] || echo "not looked at: $UNSEEN records; give a directory of keys to verify them"
echo 'not looked at: whether the key counted when it signed; the ledger, and that no run was left out;'
echo '  whether waivers still run; whether what was recorded is true.'
