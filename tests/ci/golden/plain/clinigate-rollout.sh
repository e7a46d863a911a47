#!/bin/sh
# Written by `clinigate ci`. Moves the traffic of one service between two Deployments,
# therapy-api-blue and therapy-api-green, through the weights of one Istio VirtualService. Adapt it to your
# platform: the pipeline calls these words and knows nothing else of it.
#
#   start      put CLINIGATE_IMAGE into the colour without traffic, and wait until it is ready
#   health     ask that colour's own health
#   traffic N  give it N percent, fewer than 50
#   digest     say which image its pods run, by digest: all of them the same
#   rollback   take all traffic back to the other colour
#   settle N   N is the exit code of the validation: 0 all traffic, 1 it was rolled back, and is where
#              it was not, 2 a person is asked and nothing moves; with any other nobody knows, and it is
#              rolled back
#   unsettled  roll back what was started and never settled
set -eu

namespace="${CLINIGATE_NAMESPACE:-default}"
app="${CLINIGATE_APP:-therapy-api}"
settled="clinigate-out/settled" # how far this roll-out is: a word, as the pipeline records it
since="clinigate-out/since"     # when the candidate first got traffic
began="clinigate-out/live"      # the colour that had the traffic when the roll-out began

kube() { kubectl --namespace "$namespace" "$@"; }

# The colours with their weights, the heaviest first. The live one is the one that had the traffic when
# the roll-out began, wherever the traffic is by now; where no file tells, the heaviest.
colours() {
  kube get virtualservice "$app" --output \
    'jsonpath={range .spec.http[0].route[*]}{.weight}{" "}{.destination.host}{"\n"}{end}' | sort -rn
}
live() { if test -s "$began"; then cat "$began"; else colours | sed -n '1s/.* //p'; fi; }
weight() { colours | sed -n "s/ $1\$//p"; }
other() {
  case "$(live)" in
    "$app-blue") echo "$app-green" ;;
    "$app-green") echo "$app-blue" ;;
    *) echo "clinigate-rollout: neither $app-blue nor $app-green has the traffic" >&2; exit 4 ;;
  esac
}

# Only the routes are replaced: time-outs, matches and headers of the VirtualService stay.
weights() {
  kube patch virtualservice "$app" --type json --patch "[{\"op\": \"replace\", \"path\":
    \"/spec/http/0/route\", \"value\": [
    {\"destination\": {\"host\": \"$1\"}, \"weight\": $2},
    {\"destination\": {\"host\": \"$3\"}, \"weight\": $4}]}]"
}

rollback() {
  from="$(live)"
  candidate="$(other)"
  weights "$from" 100 "$candidate" 0
}
settle() {
  mkdir -p "$(dirname "$settled")"
  echo "$1" >"$settled"
  case "$1" in started | held) ;; *) rm -f "$began" ;; esac
}

case "${1:-}" in
  start)
    case "${CLINIGATE_IMAGE:-}" in
      *@sha256:*) ;;
      *) echo "clinigate-rollout: CLINIGATE_IMAGE must name a digest, as name@sha256:..." >&2; exit 4 ;;
    esac
    rm -f "$began"
    from="$(live)"
    candidate="$(other)"
    if test "$(colours | sed -n '2s/ .*//p')" != 0; then
      settle refused
      echo "clinigate-rollout: $candidate still has traffic; settle that roll-out first" >&2
      exit 1
    fi
    settle started
    rm -f "$since"
    echo "$from" >"$began"
    kube set image "deployment/$candidate" "$app=$CLINIGATE_IMAGE"
    kube rollout status "deployment/$candidate" --timeout=300s
    ;;
  health)
    candidate="$(other)"
    kube get --raw "/api/v1/namespaces/$namespace/services/$candidate:http/proxy/health" >/dev/null
    ;;
  traffic)
    if ! test "$2" -ge 0 || ! test "$2" -lt 50; then
      echo "clinigate-rollout: traffic $2: wanted 0 to 49; 'settle 0' gives all of it" >&2
      exit 4
    fi
    from="$(live)"
    candidate="$(other)"
    date -u +%Y-%m-%dT%H:%M:%SZ >"$since"
    weights "$from" "$((100 - $2))" "$candidate" "$2"
    ;;
  digest)
    candidate="$(other)"
    images="$(kube get pods --selector "app=$candidate" --output \
      "jsonpath={range .items[*].status.containerStatuses[?(@.name==\"$app\")]}{.imageID}{\"\\n\"}{end}" |
      sed 's/.*@//' | sort -u)"
    if test -z "$images" || test "$(echo "$images" | wc -l)" -ne 1; then
      echo "clinigate-rollout: the pods of $candidate do not run one image" >&2
      exit 4
    fi
    echo "$images"
    ;;
  rollback)
    rollback
    ;;
  settle)
    case "$2" in
      0)
        from="$(live)"
        candidate="$(other)"
        weights "$candidate" 100 "$from" 0
        settle succeeded
        ;;
      1)
        candidate="$(other)"
        test "$(weight "$candidate")" = 0 || rollback
        settle rolled-back
        ;;
      2)
        settle held
        echo "clinigate-rollout: the validation could not tell; the traffic stays as it is, and a" \
          "person decides: 'settle 0' or 'rollback'" >&2
        ;;
      *)
        rollback
        settle rolled-back
        ;;
    esac
    exit "$2"
    ;;
  unsettled)
    test "$(cat "$settled" 2>/dev/null)" = started || exit 0
    rollback
    if test -e "$since"; then settle rolled-back; else settle failed; fi
    ;;
  *)
    echo "usage: $0 start | health | traffic N | rollback | settle N | unsettled" >&2
    exit 4
    ;;
esac
