(* EXPECTED: line 25, characters 78-81: Error: No applicable tactic. *)
(* The statement and the script of affine_exact, but with d >= 1. At d = 1 there is no second
   coordinate to differ from the first; see Limits.affine_needs_two_dimensions. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Table.
Import ListNotations.
Open Scope R_scope.

Theorem affine_exact_at_one :
  forall d b m M,
  (1 <= d)%nat -> corner d b -> m < M ->
  (forall x, cube d x ->
     (exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x i <> flip b x j) ->
     undecidable exact (affine d) d (shown d (opposite b) b m M) x) /\
  (exists x, cube d x /\
     exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x i <> flip b x j) /\
  (forall x, cube d x ->
     (forall i j, (i < d)%nat -> (j < d)%nat -> flip b x i = flip b x j) ->
     decidable exact (affine d) d (shown d (opposite b) b m M) x).
Proof.
  intros d b m M Hd K H; split; [|split].
  - intros x Cx (i & j & Hi & Hj & L); apply affine_no with i j; auto; simpl; nra.
  - destruct (affine_somewhere d b) as (x & Cx & X0 & X1).
    exists x; split; [exact Cx|]; exists 0%nat, 1%nat; repeat split; try lia; lra.
  - intros x Cx A; apply affine_yes; auto; [lia|]; intros i j Hi Hj; simpl.
    rewrite (A i j Hi Hj); auto.
Qed.
