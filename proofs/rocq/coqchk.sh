#!/bin/sh
# coqchk.sh MODULE... : the separate checker accepts the compiled files, and its summary lists no
# assumption but the axioms below. It states what the loaded files contain, used or not: the last
# axiom stands in a library file that is loaded. With COQCHK_REPORT=FILE the summary is kept there.
# coqchk writes its summary to the standard error.
set -eu
COQCHK=${COQCHK:-coqchk -silent -o -R . Trompe}
allowed="Coq.Reals.ClassicalDedekindReals.sig_forall_dec Coq.Reals.ClassicalDedekindReals.sig_not_dec Coq.Logic.FunctionalExtensionality.functional_extensionality_dep Coq.Logic.Classical_Prop.classic"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
$COQCHK "$@" > "$work/out" 2>&1 || { cat "$work/out"; echo "coqchk: a file is rejected" >&2; exit 1; }
cat "$work/out"
awk -v allowed="$allowed" '
  BEGIN { n = split(allowed, a, " "); for (i = 1; i <= n; i++) ok[a[i]] = 1 }
  /^\* Theory:/ { seen++; free = 1; next }
  /^\* / { seen++; free = 0; section = $0; axioms = /^\* Axioms:/
           if (section !~ /:[ \t]*$/ && section !~ /<none>/) { print "coqchk: " section; bad = 1 }
           next }
  seen && NF && !free && !(axioms && ($1 in ok)) { print "coqchk: lists " $1; bad = 1 }
  END { if (seen != 5) { print "coqchk: " seen + 0 " of 5 parts of the summary were found"; bad = 1 }
        exit bad }' "$work/out"
if [ -n "${COQCHK_REPORT:-}" ]; then cp "$work/out" "$COQCHK_REPORT"; fi
