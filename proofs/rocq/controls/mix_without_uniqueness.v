(* EXPECTED: with "forall i : nat, (i < d)%nat -> b i = z i" *)
(* The statement and the script of mix_lemma, but B may reach M where U does, not only at b;
   see Limits.mix_needs_uniqueness. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Table.
Import ListNotations.
Open Scope R_scope.

Lemma mix_lemma_without_uniqueness d a b m M U B eta :
  0 < eta < 1 -> cube d a -> cube d b -> ext d (mix eta U B) ->
  spans d a b m M U -> spans d a b m M B -> (forall z, cube d z -> B z = m -> peq d a z) ->
  (forall z, cube d z -> B z = M -> U z = M) ->
  represents d (shown d a b m M) (mix eta U B).
Proof.
  intros He Ca Cb E (HU & Ua & Ub) (HB & Ba & Bb) Sa Sb.
  assert (Fa : mix eta U B a = m) by (unfold mix; rewrite Ua, Ba; ring).
  assert (Fb : mix eta U B b = M) by (unfold mix; rewrite Ub, Bb; ring).
  split; [|split; [|split; [|split]]]; simpl.
  - intros z Cz; specialize (HU z Cz); specialize (HB z Cz); unfold mix; nra.
  - intros z Cz; split.
    + intros P; rewrite <- (E a z Ca P); exact Fa.
    + intros P; apply Sa; [exact Cz|].
      specialize (HU z Cz); specialize (HB z Cz); unfold mix in P; nra.
  - intros z Cz; split.
    + intros P; rewrite <- (E b z Cb P); exact Fb.
    + intros P; apply Sb; [exact Cz|].
      specialize (HU z Cz); specialize (HB z Cz); unfold mix in P; nra.
  - exists a; split; [exact Ca | apply peq_refl].
  - exists b; split; [exact Cb | apply peq_refl].
Qed.
