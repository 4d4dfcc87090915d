#!/usr/bin/env bash
# A first grant with the demo people: run `npm start` in one terminal and this in another.
# Alejandro lets Dr Lind of another hospital read laboratory results and medication for a week; she looks,
# he sees that she did, takes the grant back, and the whole ledger is verified.
set -euo pipefail
cd "$(dirname "$0")/.."
export SALUS_PASSPHRASE='demo passphrase' # opens the demo wallets; real people choose their own
salus() { ${SALUS:-./salus} "$@"; }

salus person list
salus record list --as alejandro --class lab
salus grant dr-lind --as alejandro --class lab --class medication --purpose TREAT --until +7d
salus inbox --as dr-lind
salus record list --as dr-lind --patient alejandro
salus looked --as alejandro
salus revoke dr-lind --as alejandro
salus record list --as dr-lind --patient alejandro || echo "refused, as it should be (exit code $?)"
salus verify
