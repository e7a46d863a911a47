#!/bin/sh
# Verify a sealed bundle of Clinigate without Clinigate: POSIX shell, coreutils, openssl 3, jq.
#
#   verify.sh BUNDLE KEY.pem [TRUST]
#
# BUNDLE  the run's directory; a zip is unpacked first.
# KEY.pem the public key of who sealed it, got by another way than the bundle.
# TRUST   whose other signatures count: a trust.toml, or a directory of public keys (*.pem).
# TSA_ROOTS=roots.pem in the environment: whose time stamps count.
#
# Exit code: 0 what was looked at holds; 1 something does not, the last line says what; 4 usage.
# What it cannot see is said at the end. It reads nothing but BUNDLE and keys, and runs nothing in it.
set -eu
LC_ALL=C
export LC_ALL

# What comes from a bundle is printed without characters that act on a terminal.
fail() { printf 'FAILED: %s\n' "$1" | cat -v; exit 1; }

[ $# -ge 2 ] || { echo 'usage: verify.sh BUNDLE KEY.pem [TRUST]' >&2; exit 4; }
for program in openssl jq sha256sum; do
  command -v "$program" > /dev/null || { echo "$program is not installed" >&2; exit 4; }
done
BUNDLE=$1 KEY=$2 TRUST=${3:-}
[ -d "$BUNDLE" ] || { echo "$BUNDLE: no directory; unpack a zip first" >&2; exit 4; }
[ -f "$KEY" ] || { echo "$KEY: no such key file" >&2; exit 4; }
[ -z "$TRUST" ] || [ -e "$TRUST" ] || { echo "$TRUST: no such file or directory" >&2; exit 4; }
[ -z "${TSA_ROOTS:-}" ] || [ -f "$TSA_ROOTS" ] || { echo "$TSA_ROOTS: no such file" >&2; exit 4; }
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
mkdir "$WORK/keys"

digest() { sha256sum "$1" | cut -d ' ' -f 1 | tr -d '\\'; }
decoded() { openssl base64 -d -A -in "$1" -out "$2" 2> /dev/null; } # base64 FILE, into FILE
coded() { openssl base64 -A -in "$1"; }                             # FILE, as base64

# adopt KEY.pem: keep a public key under its id, the SHA-256 of its DER form; set ID.
adopt() {
  openssl pkey -pubin -in "$1" -pubout -outform DER -out "$WORK/der" 2> /dev/null || return 1
  openssl pkey -pubin -inform DER -in "$WORK/der" -text -noout |
    grep -q -e ED25519 -e prime256v1 || return 1
  ID=$(digest "$WORK/der")
  openssl pkey -pubin -inform DER -in "$WORK/der" -pubout -out "$WORK/keys/$ID.pem"
}

# said ID FIELD: what a trust.toml says of a key; nothing where it says nothing.
said() { [ ! -f "$WORK/keys/$1.$2" ] || cat "$WORK/keys/$1.$2"; }

# trusted FILE: read a trust.toml as `clinigate trust` writes it: one `name = value` a line.
trusted() {
  { cat "$1"; printf '\n[[key]]\n'; } > "$WORK/trust"
  rm -f "$WORK"/entry.*
  while IFS= read -r line; do
    field=${line%% *}
    case $line in
      '[[key]]')
        [ -f "$WORK/entry.public_key" ] || continue
        { echo '-----BEGIN PUBLIC KEY-----'; cat "$WORK/entry.public_key"
          echo '-----END PUBLIC KEY-----'; } > "$WORK/entry.pem"
        adopt "$WORK/entry.pem" || fail "$1: holds a public key that is none, or of another kind"
        for field in name role not_before not_after revoked_at; do
          [ ! -f "$WORK/entry.$field" ] || mv "$WORK/entry.$field" "$WORK/keys/$ID.$field"
        done
        rm -f "$WORK"/entry.* ;;
      'name = "'*'"' | 'role = "'*'"' | 'public_key = "'*'"' | 'keyid = "'*'"')
        printf '%s\n' "${line#* = }" | jq -r . > "$WORK/entry.$field" 2> /dev/null ||
          fail "$1: $line: not understood" ;;
      'not_before = '* | 'not_after = '* | 'revoked_at = '*)
        micros "${line#*= }" > "$WORK/entry.$field" || fail "$1: $line: no time" ;;
      '' | '#'*) ;;
      *) fail "$1: $line: not understood; give a directory of *.pem instead" ;;
    esac
  done < "$WORK/trust"
}

# micros TIME: a time as microseconds, to be compared.
micros() { [ -n "$1" ] && date -u -d "$1" +%s%6N 2> /dev/null; }

# verified KEY SIGNATURE MESSAGE: tell whether this key made this signature.
verified() {
  if openssl pkey -pubin -in "$1" -text -noout | grep -q ED25519
  then openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in "$3" -sigfile "$2" > /dev/null 2>&1
  else openssl dgst -sha256 -verify "$1" -signature "$2" "$3" > /dev/null 2>&1
  fi
}

# opened ENVELOPE TYPE NAME: check the form of an envelope; write what it holds and what is signed.
opened() {
  # Canonical JSON has one spelling: a field that stands twice, or a blank, was put there later.
  jq -cjS . "$1" > "$WORK/again" 2> /dev/null || fail "$3: not JSON"
  cmp -s "$WORK/again" "$1" || fail "$3: not as it was written; it was edited"
  [ "$(jq -r '.payloadType' "$1")" = "$2" ] || fail "$3: of another type than $2"
  jq -jer '.payload' "$1" > "$WORK/coded" || fail "$3: no payload"
  decoded "$WORK/coded" "$WORK/payload" || fail "$3: payload was edited"
  coded "$WORK/payload" | cmp -s - "$WORK/coded" || fail "$3: payload was edited"
  { printf 'DSSEv1 %d %s %d ' "${#2}" "$2" "$(wc -c < "$WORK/payload")"; cat "$WORK/payload"; } \
    > "$WORK/signed"
}

# signed_with ENVELOPE ID: tell whether one signature, under that key's own id, is of that key.
signed_with() {
  jq -r --arg id "$2" '.signatures[] | select(.keyid == $id) | .sig' "$1" > "$WORK/sigs"
  while read -r signature; do
    printf '%s' "$signature" > "$WORK/coded"
    decoded "$WORK/coded" "$WORK/sig" || return 1
    coded "$WORK/sig" | cmp -s - "$WORK/coded" || return 1
    if verified "$WORK/keys/$2.pem" "$WORK/sig" "$WORK/signed"; then return 0; fi
  done < "$WORK/sigs"
  return 1
}

# 1. The keys. Of a directory, each file; of a trust.toml, with what it says of each.
if [ -f "$TRUST" ]; then trusted "$TRUST"
elif [ -n "$TRUST" ]; then
  for key in "$TRUST"/*.pem; do
    [ ! -f "$key" ] || adopt "$key" || fail "$key: no public key of Ed25519 or P-256 in PEM"
  done
fi
ls "$WORK/keys" > "$WORK/others"
adopt "$KEY" || fail "$KEY: no public key of Ed25519 or P-256 in PEM"
KEYID=$ID
echo "key $KEYID: compare with the fingerprint that its owner published"
if [ -f "$TRUST" ]; then
  grep -q -x "$KEYID.pem" "$WORK/others" || fail "$KEY: stands not in $TRUST"
  [ "$(said "$KEYID" role)" != witness ] || fail "$KEY: is a witness's, which seals nothing"
  echo "  $(said "$KEYID" name) ($(said "$KEYID" role)), by $TRUST" | cat -v
fi

# 2. The envelope and its signature.
ENVELOPE=$BUNDLE/statement.dsse.json
[ ! -e "$BUNDLE/statement.json" ] || fail 'statement.json: the run is UNSIGNED, or this was added'
[ -f "$ENVELOPE" ] || fail 'statement.dsse.json: missing'
[ -z "$(find "$BUNDLE" ! -type d ! -type f)" ] || fail 'a link or device, where only files belong'
opened "$ENVELOPE" application/vnd.in-toto+json statement.dsse.json
signed_with "$ENVELOPE" "$KEYID" || fail 'statement.dsse.json: not signed by this key'
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
grep -q -v '^[0-9a-f]\{64\}  [^/.][^\\]*$' "$WORK/SHA256SUMS" &&
  fail 'statement.dsse.json: a name that no bundle has'
grep -q -e '  \(.*/\)\{0,1\}\.\.\(/\|$\)' "$WORK/SHA256SUMS" &&
  fail 'statement.dsse.json: a name that leads out'
(cd "$BUNDLE" && sha256sum --check --strict --quiet "$WORK/SHA256SUMS") > "$WORK/log" 2>&1 ||
  { cat -v "$WORK/log"; fail 'files were changed, or are missing'; }
echo "digests: OK, $(wc -l < "$WORK/SHA256SUMS") files"

# 4. No file was added: outside of the seal are the envelope, proofs, records and exports.
cut -c 67- "$WORK/SHA256SUMS" | sort > "$WORK/stated"
(cd "$BUNDLE" && find . -type f | sed 's,^\./,,' |
  grep -v -x -e 'statement\.dsse\.json' -e 'ledger\.tlog-proof' -e 'witness\.tlog-proof' \
    -e 'timestamp\.tsr' -e 'records/.*' -e 'exports/.*' | sort) > "$WORK/present"
diff "$WORK/stated" "$WORK/present" > "$WORK/log" ||
  { cat -v "$WORK/log"; fail 'files were added'; }
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
STATEMENT=$(digest "$SAID")

# 6. The ledger: this very seal is a leaf of the log's tree (RFC 6962), and a key signed its head.
parent() { # LEFT RIGHT: what stands above two nodes of the tree
  { printf '\001'; cat "$1" "$2"; } | openssl dgst -sha256 -binary > "$WORK/above"
  mv "$WORK/above" "$WORK/node"
}

bytes() { # TEXT NAME: what base64 of one spelling says, as $WORK/bytes
  printf '%s' "$1" > "$WORK/coded"
  decoded "$WORK/coded" "$WORK/bytes" || fail "$2: was edited"
  coded "$WORK/bytes" | cmp -s - "$WORK/coded" || fail "$2: was edited"
}

number() { printf '%s\n' "$1" | grep -q -x -e 0 -e '[1-9][0-9]\{0,14\}' || fail "$2: was edited"; }

led() { # FILE NAME: a tlog-proof leads from the record of this seal to a head; read its head
  [ "$(sed -n 1p "$1")" = c2sp.org/tlog-proof@v1 ] || fail "$2: of another format"
  bytes "$(sed -n '2s/^extra //p' "$1")" "$2"; cp "$WORK/bytes" "$WORK/record"
  index=$(sed -n '3s/^index //p' "$1"); number "$index" "$2"
  sed '1,3d; /^$/,$d' "$1" > "$WORK/path"
  sed '1,/^$/d' "$1" | sed '/^$/,$d' > "$WORK/head"
  sed '1,/^$/d' "$1" | sed '1,/^$/d' > "$WORK/lines"
  ORIGIN=$(sed -n 1p "$WORK/head") SIZE=$(sed -n 2p "$WORK/head"); number "$SIZE" "$2"
  [ "$(wc -l < "$WORK/head")" = 3 ] || fail "$2: was edited"
  jq -e --arg statement "$STATEMENT" --arg envelope "$(digest "$ENVELOPE")" --arg at "$index" \
    --arg origin "$ORIGIN" --slurpfile said "$SAID" '$said[0].predicate as $p |
    .type == "run-sealed" and .run == $p.run and (.seq | tostring) == $at and
    .body.statement == $statement and .body.envelope == $envelope and .body.status == $p.status
    and $p.ledger.origin == $origin and $p.ledger.size <= .seq' "$WORK/record" > /dev/null 2>&1 ||
    fail "$2: is not about this seal"
  { printf '\000'; cat "$WORK/record"; } | openssl dgst -sha256 -binary > "$WORK/node"
  at=$index last=$((SIZE - 1))
  [ "$at" -le "$last" ] || fail "$2: leads to no head"
  while IFS= read -r hash; do
    [ "$last" -gt 0 ] || fail "$2: leads to no head"
    bytes "$hash" "$2"
    if [ $((at % 2)) = 1 ] || [ "$at" = "$last" ]; then
      parent "$WORK/bytes" "$WORK/node"
      while [ $((at % 2)) = 0 ] && [ "$at" != 0 ]; do at=$((at / 2)) last=$((last / 2)); done
    else parent "$WORK/node" "$WORK/bytes"
    fi
    at=$((at / 2)) last=$((last / 2))
  done < "$WORK/path"
  bytes "$(sed -n 3p "$WORK/head")" "$2"
  [ "$last" = 0 ] && cmp -s "$WORK/node" "$WORK/bytes" || fail "$2: leads to no head"
}

# raw ID: the 32 bytes of an Ed25519 key; nothing of another.
raw() {
  openssl pkey -pubin -in "$WORK/keys/$1.pem" -pubout -outform DER -out "$WORK/der"
  [ "$(wc -c < "$WORK/der")" != 44 ] || tail -c 32 "$WORK/der"
}

hex() { od -A n -v -t x1 "$1" | tr -d ' \n'; } # of a FILE
# The first four bytes of a signature line name the key: SHA-256 of name, kind and key.
hint() { { printf '%s\n' "$1"; printf "$2"; raw "$3"; } | sha256sum | cut -c 1-8; }

# head_signed ID NAME: tell whether that key signed the head, as the log's own.
head_signed() {
  if [ -n "$(raw "$1" | od -A n)" ]; then want=$(hint "$ORIGIN" '\001' "$1")
  else want=$(printf %.8s "$1"); fi
  while IFS= read -r line; do
    case $line in "— $ORIGIN "*) ;; *) continue ;; esac
    bytes "${line#"— $ORIGIN "}" "$2"; cp "$WORK/bytes" "$WORK/line"
    head -c 4 "$WORK/line" > "$WORK/hint"; tail -c +5 "$WORK/line" > "$WORK/sig"
    [ "$(hex "$WORK/hint")" != "$want" ] || ! verified "$WORK/keys/$1.pem" "$WORK/sig" \
      "$WORK/head" || return 0
  done < "$WORK/lines"
  return 1
}

logged() { # NAME: the head of that proof is signed by the sealing key, or by another of TRUST
  if head_signed "$KEYID" "$1"; then return 0; fi
  for key in "$WORK/keys"/*.pem; do
    id=${key##*/}; id=${id%.pem}
    [ "$(said "$id" role)" != witness ] || continue
    if head_signed "$id" "$1"; then return 0; fi
  done
  fail "$1: the log's head is signed by no key that was given"
}

[ -f "$BUNDLE/ledger.tlog-proof" ] || fail 'ledger.tlog-proof: missing'
led "$BUNDLE/ledger.tlog-proof" ledger.tlog-proof
logged ledger.tlog-proof
[ "$(wc -l < "$WORK/lines")" = 1 ] && [ "$(tail -c 1 "$WORK/lines" | od -A n -t d1)" -eq 10 ] ||
  fail 'ledger.tlog-proof: was edited'
printf 'ledger: OK, record %s of %s, in a signed head of %s records\n' "$index" "$ORIGIN" "$SIZE"

# 7. Who else saw it, and when: an authority's time stamp over the envelope as it lies there.
PROVEN=
earlier() { # SECONDS: a proven time; the earliest one counts
  [ -n "$PROVEN" ] && [ "$PROVEN" -le "${1}000000" ] || PROVEN=${1}000000
}
if [ -f "$BUNDLE/timestamp.tsr" ] && [ -z "${TSA_ROOTS:-}" ]; then
  echo 'time: not proven by the time stamp; give TSA_ROOTS to verify it'
elif [ -f "$BUNDLE/timestamp.tsr" ]; then
  openssl ts -verify -data "$ENVELOPE" -in "$BUNDLE/timestamp.tsr" -CAfile "$TSA_ROOTS" \
    > "$WORK/log" 2>&1 ||
    fail 'timestamp.tsr: time not proven: not by these authorities, or over another envelope'
  # The words around the token are in nobody's signature.
  stamped=$(openssl ts -reply -in "$BUNDLE/timestamp.tsr" -token_out -text 2> /dev/null |
    sed -n 's/^Time stamp: //p')
  earlier "$(date -u -d "$stamped" +%s)"
  echo "time: OK, stamped at $stamped"
fi

# A witness cosigned a head of the log that holds this seal: C2SP tlog-cosignature, Ed25519.
cosigned() { # ID: the time at which that key cosigned the head, or nothing
  [ -n "$(raw "$1" | od -A n)" ] || return 0
  while IFS= read -r line; do
    case $line in '— '*' '*) ;; *) fail 'witness.tlog-proof: was edited' ;; esac
    name=${line#— }; name=${name%% *}
    bytes "${line##* }" witness.tlog-proof; cp "$WORK/bytes" "$WORK/line"
    head -c 4 "$WORK/line" > "$WORK/hint"
    [ "$(hex "$WORK/hint")" = "$(hint "$name" '\004' "$1")" ] || continue
    tail -c +5 "$WORK/line" | head -c 8 > "$WORK/when"; tail -c +13 "$WORK/line" > "$WORK/sig"
    when=$(printf %d "0x$(hex "$WORK/when")")
    { printf 'cosignature/v1\ntime %s\n' "$when"; cat "$WORK/head"; } > "$WORK/cosigned"
    verified "$WORK/keys/$1.pem" "$WORK/sig" "$WORK/cosigned" ||
      fail "witness.tlog-proof: a cosignature by key $1 does not hold"
    echo "$when"
  done < "$WORK/lines"
}
if [ -f "$BUNDLE/witness.tlog-proof" ] && [ -z "$TRUST" ]; then
  echo "time: not proven by the witness; give TRUST, with the witness's key, to verify it"
elif [ -f "$BUNDLE/witness.tlog-proof" ]; then
  led "$BUNDLE/witness.tlog-proof" witness.tlog-proof
  logged witness.tlog-proof
  WITNESSED=
  for key in "$WORK/keys"/*.pem; do
    id=${key##*/}; id=${id%.pem}
    [ "$id" != "$KEYID" ] || continue
    [ ! -f "$TRUST" ] || [ "$(said "$id" role)" = witness ] || continue
    (cosigned "$id") > "$WORK/times" || { cat "$WORK/times"; exit 1; }
    while read -r when; do
      if [ -n "$(said "$id" revoked_at)" ]; then
        echo "witness $id: was revoked, and vouches for no time"; continue
      fi
      WITNESSED=yes; earlier "$when"
      echo "time: OK, in a log of $SIZE records that witness $id saw at $(date -u -d "@$when")"
    done < "$WORK/times"
  done
  [ -n "$WITNESSED" ] || echo "time: not proven by the witness: none of $TRUST cosigned the head"
fi
SEALED=$(jq -r '.predicate.sealedAt' "$SAID")
[ -n "$PROVEN" ] || echo "time: self-asserted, $SEALED"

# 8. Did a key count: within its term by the time that is signed, and not revoked.
counts() { # ID TIME PROVEN: why the key did not count; nothing where it did
  at=$(micros "$2") || { echo 'it says no time'; return; }
  not_before=$(said "$1" not_before) not_after=$(said "$1" not_after) lost=$(said "$1" revoked_at)
  if [ -n "$not_before" ] && [ "$at" -lt "$not_before" ]; then echo 'it did not count yet'
  elif [ -n "$not_after" ] && [ "$at" -ge "$not_after" ]; then echo 'it counted no more'
  elif [ -n "$lost" ] && { [ -z "$3" ] || [ "$3" -ge "$lost" ]; }; then
    echo 'it was revoked, and nobody proves that the signature is older'
  fi
}
if [ -f "$TRUST" ]; then
  why=$(counts "$KEYID" "$SEALED" "$PROVEN")
  [ -z "$why" ] || fail "$KEY: $why"
  echo "key: counted at $SEALED, by $TRUST" | cat -v
fi

# 9. What people signed: each record by every signer that it names, over this statement.
UNSEEN=0
for record in "$BUNDLE"/records/*; do
  [ -e "$record" ] || continue
  name=records/${record##*/}
  if [ -z "$TRUST" ] || [ "$name" = records/sigstore.json ]; then
    UNSEEN=$((UNSEEN + 1))
    continue
  fi
  opened "$record" application/vnd.clinigate.record+json "$name"
  cp "$WORK/payload" "$WORK/record.json"
  jq -r '.signers[].keyid' "$WORK/record.json" > "$WORK/signers" || fail "$name: names no signers"
  [ -s "$WORK/signers" ] || fail "$name: names no signers"
  reason=
  while read -r id; do
    grep -q -x "$id.pem" "$WORK/others" || fail "$name: signed as $id, whose key is not in $TRUST"
    signed_with "$record" "$id" || fail "$name: not signed by key $id"
    named=$(jq -r --arg id "$id" '.signers[] | select(.keyid == $id) | "\(.name) (\(.role))"' \
      "$WORK/record.json")
    [ ! -f "$TRUST" ] || [ "$named" = "$(said "$id" name) ($(said "$id" role))" ] ||
      fail "$name: signed as $named, by whom $TRUST calls $(said "$id" name) ($(said "$id" role))"
    [ -n "$reason" ] || reason=$(counts "$id" "$(jq -r '.issued // ""' "$WORK/record.json")" '')
  done < "$WORK/signers"
  if [ "$(jq -r '.subject.kind' "$WORK/record.json")" = run ]; then
    [ "$(jq -r '.subject.digest' "$WORK/record.json")" = "sha256:$STATEMENT" ] ||
      fail "$name: is about another run"
  fi
  jq -r --arg name "$name" --arg why "${reason:+, but its key does not count: $reason}" \
    '"record \($name): \(.kind) by " +
    ([.signers[] | "\(.name) (\(.role))"] | join(", ") | gsub("[\\p{Cc}\\p{Cf}]"; "?")) +
    ", about this \(.subject.kind): OK" + $why' "$WORK/record.json"
done

# 10. What it says.
jq -r '.predicate | "run \(.run), \(.status): " +
  ([.counts | to_entries[] | select(.value > 0) | "\(.value) \(.key)"] | join(", "))' "$SAID"
[ "$UNSEEN" = 0 ] || echo "not looked at: $UNSEEN records; give TRUST to verify what people signed"
[ -f "$TRUST" ] || echo 'not looked at: whether the key counted when it signed; give a trust.toml'
echo 'not looked at: that no other run was left out of the log; whether waivers still run;'
echo '  whether what was recorded is true.'
