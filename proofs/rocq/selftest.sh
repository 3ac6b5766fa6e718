#!/bin/sh
# selftest.sh : the gates have been seen to fail. Each planted fault must be rejected.
set -eu
export COQC="${COQC:-coqc -q -R . Trompe}"
CELLS=${CELLS:?the names of the thirty theorems, as make selftest gives them}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
bad=0
must_reject() { # LABEL EXPECTED-WORDS COMMAND...
  label=$1; words=$2; shift 2
  if "$@" > "$work/out" 2>&1; then
    echo "selftest: $label: accepted" >&2; bad=1
  elif grep -qF -- "$words" "$work/out"; then
    echo "selftest: $label: rejected"
  else
    echo "selftest: $label: rejected for another reason:" >&2; cat "$work/out" >&2; bad=1
  fi
}
plant() { printf '%s\n' "$2" > "$work/$1.v"; }

plant admitted 'Theorem t : False. Proof. Admitted.'
must_reject "an Admitted in the source" "have no place" \
  env AUDIT_SOURCES="$work/admitted.v" ./audit.sh table

plant assumed 'Variable t : False.'
must_reject "a Variable outside a section" "outside a section" \
  env AUDIT_SOURCES="$work/assumed.v" ./audit.sh table

# The same faults behind the source's back: only Print Assumptions can see them.
plant Hidden 'Axiom gift : False. Theorem hidden : 1 = 2. Proof. destruct gift. Qed.'
$COQC -Q "$work" Trompe "$work/Hidden.v"
must_reject "an axiom that Print Assumptions reports" "depends on" \
  env COQC="$COQC -Q $work Trompe" AUDIT_REQUIRE=Hidden AUDIT_SOURCES=Table.v ./audit.sh hidden

must_reject "an axiom that coqchk lists" "coqchk: lists Trompe.Hidden.gift" \
  env COQCHK="coqchk -silent -o -Q $work Trompe" ./coqchk.sh Trompe.Hidden
must_reject "a summary that coqchk did not write" "0 of 5 parts" env COQCHK=true ./coqchk.sh Trompe.Table

must_reject "the same among theorems asked together" "depends on" \
  env COQC="$COQC -Q $work Trompe" AUDIT_REQUIRE="Table Hidden" AUDIT_SOURCES=Table.v \
  AUDIT_TOGETHER="mix_lemma hidden" ./audit.sh table

plant Classic 'From Coq Require Import Classical. Theorem hidden : True \/ ~ True. Proof. apply classic. Qed.'
$COQC -Q "$work" Trompe "$work/Classic.v"
must_reject "classical logic" "depends on" \
  env COQC="$COQC -Q $work Trompe" AUDIT_REQUIRE=Classic AUDIT_SOURCES=Table.v ./audit.sh hidden

must_reject "a theorem that does not exist" "missing" ./audit.sh no_such_theorem

# A statement, a definition or a fact that says less than STATEMENTS.txt does.
plant WeakStatement 'From Coq Require Import Reals Lia. From Trompe Require Import Table. Open Scope R_scope.
Theorem monotone_side : forall (d : nat) (x : point) (m M : R),
  (2 <= d)%nat -> cube d x -> ~ peq d zeros x -> ~ peq d ones x -> m < M ->
  undecidable side (monotone d) d (shown d zeros ones m M) x.
Proof. intros; apply Monotone.monotone_side; auto; lia. Qed.'
$COQC -Q "$work" Trompe "$work/WeakStatement.v"
must_reject "a weakened statement (d >= 2 for d >= 1)" "is not what Coq prints" \
  env COQC="$COQC -Q $work Trompe" STATEMENTS_REQUIRE="Table WeakStatement" ./compare.sh $CELLS

# The statements read as before, but mean nothing.
plant WeakDefinition 'From Trompe Require Import Table.
Definition undecidable (T : task) (C : class) (d : nat) (V : vis) (x : point) : Prop := True.'
$COQC -Q "$work" Trompe "$work/WeakDefinition.v"
must_reject "a weakened definition" "is not what Coq prints" \
  env COQC="$COQC -Q $work Trompe" STATEMENTS_REQUIRE="Table WeakDefinition" ./compare.sh $CELLS

must_reject "a theorem left out" "is not what Coq prints" ./compare.sh ${CELLS% *}

plant true_control '(* EXPECTED: Cannot find witness *)
Theorem t : True. Proof. exact I. Qed.'
must_reject "a control that compiles" "compiled" ./controls.sh "$work/true_control.v"

plant other_error '(* EXPECTED: Cannot find witness *)
Theorem t : False. Proof. exact I. Qed.'
must_reject "a control with another error" "expected" ./controls.sh "$work/other_error.v"
exit $bad
