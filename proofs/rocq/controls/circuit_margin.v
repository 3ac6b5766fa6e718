(* EXPECTED: line 13, characters 53-56: Error: Tactic failure: Cannot find witness. *)
(* The statement and the script of circuit_off, with a detector that is only below -1/41: the ramp
   has begun there, and the circuit is F no more. *)

From Coq Require Import Reals Lra.
From Trompe Require Import Table.
Open Scope R_scope.

Theorem circuit_off_too_early k e f d : e <= - / 41 -> Rabs d <= k -> joined k (ramp e) f d = f.
Proof.
  intros He Hd; unfold joined.
  assert (ramp e = 0) as ->
    by (unfold ramp; rewrite !relu_neg; [lra | lra | lra]).
  replace (k * (1 - 0)) with k by ring; destruct (relu_below k d Hd) as (-> & ->).
  replace (f - k * 0) with f by ring; replace (- f - k * 0) with (- f) by ring.
  pose proof (relu_both f); lra.
Qed.
