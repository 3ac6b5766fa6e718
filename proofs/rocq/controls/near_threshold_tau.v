(* EXPECTED: line 34, characters 57-60: Error: No applicable tactic. *)
(* The statement and the script of lipschitz_side_near for lo = alpha - tau, hi = beta + tau, but
   with tau added to the threshold, which does not depend on the promise. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Table.
Import ListNotations.
Open Scope R_scope.

Theorem lipschitz_side_near_tau :
  forall d dist L a b alpha beta tau,
  (1 <= d)%nat -> metric d dist -> 0 < L ->
  cube d a -> cube d b -> alpha < beta -> beta - alpha <= L * dist a b -> 0 <= tau ->
  forall x, cube d x ->
  (L * Rmin (dist x a) (dist x b) > (beta - alpha) / 2 + tau ->
     undecidable_near side (lipschitz dist L d) d a b alpha beta (alpha - tau) (beta + tau) x) /\
  (decidable_near side (lipschitz dist L d) d a b alpha beta (alpha - tau) (beta + tau) x <->
     L * Rmin (dist x a) (dist x b) <= (beta - alpha) / 2 + tau).
Proof.
  intros d dist L a b alpha beta tau Hd Me HL Ca Cb H F Ht x Cx.
  destruct (lipschitz_side d dist L a b alpha beta Hd Me HL Ca Cb H F x Cx) as (No & Yes).
  split; [intros A; apply near_no; [apply No | |]; lra|].
  split.
  - intros A; apply near_yes in A; [|lra..].
    apply Yes in A; lra.
  - intros A.
    assert (S : forall f z y, lipschitz dist L d f -> cube d z -> f z = y ->
       f x <= y + L * dist x z /\ y - L * dist x z <= f x).
    { intros f z y (_ & K) Cz <-; specialize (K x z Cx Cz).
      revert K; unfold Rabs; destruct Rcase_abs; lra. }
    destruct (Rmin_or (dist x a) (dist x b)) as [E | E]; rewrite E in A;
      [exists Lower | exists Upper];
      intros f Cf (Fa & Fb & _); simpl; unfold mid; simpl;
      [apply (S f a) in Fa | apply (S f b) in Fb]; auto; lra.
Qed.
