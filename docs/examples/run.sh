#!/usr/bin/env bash
# Runs the examples of this folder against a skald of their own and fails when
# one of them does not do what its comment says. Needs Go and Python 3.9 with
# venv; fetches the Python packages once. Everything listens on 127.0.0.1, lives
# in a temporary folder and is stopped at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
started=()
finish() {
  code=$?
  trap - EXIT
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  if [ "$code" -ne 0 ]; then tail -n 40 "$work"/*.log >&2 || true; fi
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\n-- %s\n' "$*"; }
fail() { printf 'run.sh: %s\n' "$*" >&2; exit 1; }

# background NAME COMMAND… runs a command until the end of this script.
background() {
  local name=$1; shift
  "$@" >"$work/$name.log" 2>&1 &
  started+=("$!")
}

# printed NAME PATTERN waits until the output of NAME has a line with PATTERN,
# and prints what the pattern's group matched.
printed() {
  local pid=${started[-1]} found
  for _ in $(seq 600); do
    found=$(sed -nE "s|.*$2.*|\1|p" "$work/$1.log" | head -n 1)
    if [ -n "$found" ]; then printf '%s\n' "$found"; return; fi
    kill -0 "$pid" 2>/dev/null || fail "$1 ended before it was up"
    sleep 0.1
  done
  fail "$1 is not up after a minute"
}

# story EXPECTED COMMAND… runs an example and compares the kinds it prints.
story() {
  local want=$1 got; shift
  timeout 120 "$@" | tee "$work/story.log"
  got=$(awk '{ printf "%s%s", (NR > 1 ? " " : ""), $2 }' "$work/story.log")
  [ "$got" = "$want" ] || fail "$* told: $got; want: $want"
}

confirmed='order.placed stock.reserved payment.charged shipment.scheduled order.confirmed'
rejected='order.placed stock.reserved compensation.started stock.released compensation.completed order.rejected'

step 'build'
go build -o "$work/" ./cmd/skald ./docs/examples/orders-go ./docs/examples/provider-go
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r docs/examples/orders-python/requirements.txt
python="$work/venv/bin/python"

step 'skald dev'
background skald "$work/skald" dev --ephemeral --port 0 --kafka-port 0 --temporal-port 0 --temporal-ui-port 0 --stock LAMP=100
kafka=$(printed skald '^  Kafka +([0-9.:]+)')

step 'orders-go: an order that is confirmed, then one that is undone'
story "$confirmed" "$work/orders-go" -brokers "$kafka"
story "$rejected" "$work/orders-go" -brokers "$kafka" -token tok_declined

step 'orders-python: the same'
story "$confirmed" "$python" docs/examples/orders-python/orders.py --brokers "$kafka"
story "$rejected" "$python" docs/examples/orders-python/orders.py --brokers "$kafka" --token tok_declined

SKALD_PROVIDER_SECRET="whsec_$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
export SKALD_PROVIDER_SECRET

# provider KINDS NAME COMMAND… runs an example of a provider and judges it, as
# each of the kinds, by the rules of docs/providers.md.
provider() {
  local kinds=$1 kind url; shift
  background "$@"
  url=$(printed "$1" 'listening on (http://[0-9.:]+)')
  for kind in $kinds; do
    step "$1: every rule of a $kind"
    timeout 120 "$work/skald" provider check "$url" --kind "$kind"
  done
}

provider payment provider-go "$work/provider-go" -listen 127.0.0.1:0
provider 'payment carrier' provider-python "$python" docs/examples/provider-python/provider.py 127.0.0.1:0

step 'done'
