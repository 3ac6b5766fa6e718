(* EXPECTED: line 24, characters 51-54: Error: No applicable tactic. *)
(* The statement and the script of lipschitz_side, with 3/4 of the range for the threshold
   instead of 1/2; see Limits.lipschitz_threshold_is_sharp. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Table.
Import ListNotations.
Open Scope R_scope.

Theorem lipschitz_side_three_quarters :
  forall d dist L a b m M,
  (1 <= d)%nat -> metric d dist -> 0 < L ->
  cube d a -> cube d b -> m < M -> M - m <= L * dist a b ->
  forall x, cube d x ->
  (L * Rmin (dist x a) (dist x b) > 3 / 4 * (M - m) ->
     undecidable side (lipschitz dist L d) d (shown d a b m M) x) /\
  (decidable side (lipschitz dist L d) d (shown d a b m M) x <->
     L * Rmin (dist x a) (dist x b) <= 3 / 4 * (M - m)).
Proof.
  intros d dist L a b m M Hd Me HL Ca Cb H F x Cx.
  pose proof (lipschitz_side_apart d dist L a b m M HL H x) as S.
  split.
  - intros A; apply lipschitz_no; auto; apply S; lra.
  - rewrite lipschitz_iff, S by assumption; split; lra.
Qed.
