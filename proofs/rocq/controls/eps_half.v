(* EXPECTED: line 15, characters 56-59: Error: No applicable tactic. *)
(* The statement and the script of black_box_approx, but eps = 1/2 is allowed, which the midrange
   reaches; see Limits.half_is_reached. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Table.
Import ListNotations.
Open Scope R_scope.

Theorem black_box_approx_half :
  forall d a b x m M eps,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  0 < eps <= 1 / 2 ->
  undecidable (approx eps) (black_box d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto; [lra | intros f Hf; apply Hf]. Qed.
