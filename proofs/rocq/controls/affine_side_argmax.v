(* EXPECTED: line 19, characters 39-42: Error: No applicable tactic. *)
(* The statement of affine_1d_exact_argmax and the steps of shift_no, but for the task side.
   The midrange of a shifted line shifts with it; see LevelCells.affine_1d_side_argmax and
   Levels.decodes_at_decidable. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Table.
Import ListNotations.
Open Scope R_scope.

Theorem affine_1d_side_argmax_no :
  forall f V x, affine 1 f -> represents 1 V f -> undecidable_at Argmax side (affine 1) 1 V x.
Proof.
  intros f V x A Rf; apply coarser with Images; [exact I|].
  apply (pair_defeats_at _ _ _ _ _ _ _ _ _ _ (affine_shifted 1 f 1 A) A
           (shifted_represents 1 V f 1 Rf) Rf).
  - split; intros z _; tauto.
  - apply alike_refl.
  - simpl; unfold shifted, mid; simpl; lra.
Qed.
