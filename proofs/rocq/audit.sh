#!/bin/sh
# audit.sh THEOREM... : what the theorems rest on, parsed from Coq's own output.
# Passes when no source says Admitted, Axiom and the like, and every theorem depends on
# no axioms but the three of the standard library's real numbers.
# AUDIT_REQUIRE names the module that holds the theorems (default: Table). With AUDIT_REPORT=FILE
# each theorem is written there with its axioms, one a line: THEOREM AXIOM... The theorems named in
# AUDIT_TOGETHER are asked in one question, which is faster: their axioms are those of the tuple
# of them all, reported as "together".
set -eu
COQC=${COQC:-coqc -q -R . Trompe}
REQUIRE=${AUDIT_REQUIRE:-Table}
allowed="ClassicalDedekindReals.sig_forall_dec ClassicalDedekindReals.sig_not_dec FunctionalExtensionality.functional_extensionality_dep"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

for file in ${AUDIT_SOURCES:-*.v}; do
  if grep -nHE '\b(Admitted|Axioms?|Parameters?|Conjecture|admit|give_up|Unset +Guard|bypass_check|type_in_type)\b' "$file"; then
    echo "audit: $file: the words above have no place in a proof" >&2; exit 1
  fi
  # Hypothesis and Variable are Coq's words for axioms outside a section.
  awk '/^Section /{open++} /^End /{open--}
       open==0 && /^ *(Hypothesis|Hypotheses|Variables?|Context)[ :({]/{print FILENAME ":" NR ": " $0; bad=1}
       END{exit bad}' "$file" || { echo "audit: $file: assumed outside a section" >&2; exit 1; }
done

{ echo "From Trompe Require Import $REQUIRE."
  for theorem in "$@"; do
    echo "Goal True. idtac \"THEOREM $theorem\". Abort."
    echo "Print Assumptions $theorem."
  done
  if [ -n "${AUDIT_TOGETHER:-}" ]; then
    echo "Definition together := ($(echo $AUDIT_TOGETHER | sed 's/[^ ]*/@&/g; s/ /, /g'))."
    echo "Goal True. idtac \"THEOREM together\". Abort."
    echo "Print Assumptions together."
  fi; } > "$work/assumptions.v"
$COQC "$work/assumptions.v" > "$work/out" || { echo "audit: a theorem is missing" >&2; exit 1; }

if [ -n "${AUDIT_TOGETHER:-}" ]; then wanted=$(($# + 1)); else wanted=$#; fi
more=$(echo ${AUDIT_TOGETHER:-} | wc -w)

# Coq prints each axiom at the left margin, its type indented below or after it.
awk -v allowed="$allowed" -v wanted="$wanted" -v more="$more" -v report="${AUDIT_REPORT:-/dev/null}" '
  BEGIN { n = split(allowed, a, " "); for (i = 1; i <= n; i++) ok[a[i]] = 1 }
  /^THEOREM / { name = $2; order[++seen] = name; next }
  /^Axioms:/ || /^Closed under the global context/ { reported++; next }
  /^[^ ]/ { if (!($1 in ok)) { print "audit: " name " depends on " $1; bad = 1 } else { used[$1] = 1; list[name] = list[name] " " $1 } }
  END {
    if (seen != wanted || reported != wanted) { print "audit: " reported " of " wanted " theorems reported"; bad = 1 }
    if (bad) exit 1
    for (i = 1; i <= seen; i++) print order[i] list[order[i]] > report
    print "audit: " seen - (more > 0) " theorems one by one, " more " together; axioms used:"
    for (i = 1; i <= n; i++) if (a[i] in used) print "  " a[i]
  }' "$work/out"
