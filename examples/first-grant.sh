#!/usr/bin/env bash
# A first grant with the demo people: run `npm start` in one terminal and this in another.
# Eboni lets Dr Osei of another hospital read laboratory results and medication for a week; he looks,
# she sees that he did, takes the grant back, and the whole ledger is verified.
set -euo pipefail
cd "$(dirname "$0")/.."
export SALUS_PASSPHRASE='demo passphrase' # opens the demo wallets; real people choose their own
salus() { ${SALUS:-./salus} "$@"; }

salus person list
salus record list --as eboni --class lab
salus grant dr-osei --as eboni --class lab --class medication --purpose TREAT --until +7d
salus inbox --as dr-osei
salus record list --as dr-osei
salus looked --as eboni
salus revoke dr-osei --as eboni
salus record list --as dr-osei || echo "refused, as it should be (exit code $?)"
salus verify
