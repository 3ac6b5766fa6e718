(** * Our further rows, cell by cell

    The paper's table has no such rows. Statements in the form of the table's thirty, made from
    [Further.v] and completed: Lipschitz with unknown constant, one neuron with a known strictly
    increasing continuous link (d >= 2, and d = 1), additive functions.

    Main results: [lipschitz_unknown_exact], [neuron_exact], [neuron_1d_exact], [additive_exact] and
    the same with approx and side. The additive row holds at every x other than a and b, also where x shares
    coordinates with them.

    Facts: [neuron_extremes], [linked_spread], [additive_extremes]. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Affine Line Metrics Lipschitz Wording Further.
Import ListNotations.
Open Scope R_scope.

(** ** Lipschitz with an unknown constant *)

Theorem lipschitz_unknown_exact :
  forall n d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable exact (lipschitz_some (distance n d) d) d (shown d a b m M) x.
Proof. intros n d a b x m M _ C D H; apply lipschitz_unknown; auto using distance_metric; exact I. Qed.

Theorem lipschitz_unknown_approx :
  forall n d a b x m M eps,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  0 < eps < 1 / 2 ->
  undecidable (approx eps) (lipschitz_some (distance n d) d) d (shown d a b m M) x.
Proof.
  intros n d a b x m M eps _ C D H He; apply lipschitz_unknown; auto using distance_metric.
  simpl; lra.
Qed.

Theorem lipschitz_unknown_side :
  forall n d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable side (lipschitz_some (distance n d) d) d (shown d a b m M) x.
Proof. intros n d a b x m M _ C D H; apply lipschitz_unknown; auto using distance_metric; exact I. Qed.

(** ** One neuron, d >= 2 *)

(** The link on the way from s to t: H(0) = h s, H(1) = h t. *)
Definition along (h : R -> R) (s t u : R) : R := h (s + (t - s) * u).

Lemma along_le h s t u v : increasing_link h -> s < t -> (along h s t u <= along h s t v <-> u <= v).
Proof. intros I H; unfold along; rewrite link_le by exact I; split; intros; nra. Qed.

Lemma along_0 h s t : along h s t 0 = h s.
Proof. unfold along; f_equal; ring. Qed.

Lemma along_1 h s t : along h s t 1 = h t.
Proof. unfold along; f_equal; ring. Qed.

Theorem neuron_exact :
  forall h d b s t,
  increasing_link h -> continuity h -> (2 <= d)%nat -> corner d b -> s < t ->
  (forall x, cube d x ->
     (exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x i <> flip b x j) ->
     undecidable exact (linked h d) d (shown d (opposite b) b (h s) (h t)) x) /\
  (exists x, cube d x /\
     exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x i <> flip b x j) /\
  (forall x, cube d x ->
     (forall i j, (i < d)%nat -> (j < d)%nat -> flip b x i = flip b x j) ->
     decidable exact (linked h d) d (shown d (opposite b) b (h s) (h t)) x).
Proof.
  intros h d b s t I C Hd K H; split; [|split].
  - intros x Cx (i & j & Hi & Hj & L); apply linked_no with i j; auto; simpl.
    rewrite (link_eq h) by exact I; intros E; apply L; nra.
  - destruct (affine_somewhere d b) as (x & Cx & X0 & X1).
    exists x; split; [exact Cx|]; exists 0%nat, 1%nat; repeat split; try lia; lra.
  - intros x Cx A; apply linked_yes; auto; [lia|]; intros i j Hi Hj; simpl.
    rewrite (A i j Hi Hj); auto.
Qed.

Theorem neuron_approx :
  forall h d b s t eps,
  increasing_link h -> continuity h -> (2 <= d)%nat -> corner d b -> s < t -> 0 < eps < 1 / 2 ->
  (forall x, cube d x ->
     (exists i j, (i < d)%nat /\ (j < d)%nat /\
        along h s t (flip b x i) - along h s t (flip b x j) > 2 * eps * (h t - h s)) ->
     undecidable (approx eps) (linked h d) d (shown d (opposite b) b (h s) (h t)) x) /\
  (exists x, cube d x /\
     exists i j, (i < d)%nat /\ (j < d)%nat /\
       along h s t (flip b x i) - along h s t (flip b x j) > 2 * eps * (h t - h s)) /\
  (forall x, cube d x ->
     (forall i j, (i < d)%nat -> (j < d)%nat ->
        along h s t (flip b x i) - along h s t (flip b x j) <= 2 * eps * (h t - h s)) ->
     decidable (approx eps) (linked h d) d (shown d (opposite b) b (h s) (h t)) x).
Proof.
  intros h d b s t eps I C Hd K H He; pose proof (I s t H) as Hh; unfold along.
  split; [|split].
  - intros x Cx (i & j & Hi & Hj & L); apply linked_no with i j; auto; simpl; unfold range; simpl.
    rewrite Rabs_right; nra.
  - destruct (affine_somewhere d b) as (x & Cx & X0 & X1).
    exists x; split; [exact Cx|]; exists 0%nat, 1%nat; repeat split; try lia.
    rewrite X0, X1; replace (s + (t - s) * 1) with t by ring.
    replace (s + (t - s) * 0) with s by ring; nra.
  - intros x Cx A; apply linked_yes; auto; [lia|]; intros i j Hi Hj; simpl; unfold range; simpl.
    pose proof (A i j Hi Hj); pose proof (A j i Hj Hi); unfold Rabs; destruct Rcase_abs; lra.
Qed.

Theorem neuron_side :
  forall h d b s t,
  increasing_link h -> continuity h -> (2 <= d)%nat -> corner d b -> s < t ->
  (forall x, cube d x ->
     (exists i j, (i < d)%nat /\ (j < d)%nat /\
        along h s t (flip b x j) < (h s + h t) / 2 < along h s t (flip b x i)) ->
     undecidable side (linked h d) d (shown d (opposite b) b (h s) (h t)) x) /\
  (exists x, cube d x /\
     exists i j, (i < d)%nat /\ (j < d)%nat /\
       along h s t (flip b x j) < (h s + h t) / 2 < along h s t (flip b x i)) /\
  (forall x, cube d x ->
     ~ (exists i j, (i < d)%nat /\ (j < d)%nat /\
          along h s t (flip b x j) < (h s + h t) / 2 < along h s t (flip b x i)) ->
     decidable side (linked h d) d (shown d (opposite b) b (h s) (h t)) x).
Proof.
  intros h d b s t I C Hd K H; pose proof (I s t H) as Hh; unfold along.
  split; [|split].
  - intros x Cx (i & j & Hi & Hj & L); apply linked_no with i j; auto; simpl; unfold mid; simpl; lra.
  - destruct (affine_somewhere d b) as (x & Cx & X0 & X1).
    exists x; split; [exact Cx|]; exists 0%nat, 1%nat; repeat split; try lia.
    + rewrite X1; replace (s + (t - s) * 0) with s by ring; lra.
    + rewrite X0; replace (s + (t - s) * 1) with t by ring; lra.
  - intros x Cx A; apply linked_yes; auto; [lia|]; intros i j Hi Hj; simpl; unfold mid; simpl.
    intros L; apply A; exists i, j; auto.
Qed.

(** The unique extremes of a neuron are opposite corners. *)
Theorem neuron_extremes h d a b m M f :
  increasing_link h -> linked h d f -> cube d a -> cube d b -> represents d (shown d a b m M) f ->
  corner d b /\ peq d a (opposite b).
Proof.
  intros I (g & Hg & E) Ca Cb Rf.
  pose proof (represents_a d a b m M f Ca Rf a (peq_refl d a)) as Fa.
  pose proof (represents_b d a b m M f Cb Rf b (peq_refl d b)) as Fb.
  rewrite (E a Ca) in Fa; rewrite (E b Cb) in Fb; subst m M.
  apply (linked_represents h d a b (g a) (g b) f g I E) in Rf.
  exact (affine_extremes d a b (g a) (g b) g Hg Ca Cb Rf).
Qed.

(** Largest and smallest instead of "some i and j". *)
Theorem linked_spread h d s t u lo hi eps :
  increasing_link h -> s < t -> smallest_of d u lo -> largest_of d u hi ->
  ((exists i j, (i < d)%nat /\ (j < d)%nat /\ u i <> u j) <-> lo < hi) /\
  ((exists i j, (i < d)%nat /\ (j < d)%nat /\
      along h s t (u i) - along h s t (u j) > 2 * eps * (h t - h s)) <->
   along h s t hi - along h s t lo > 2 * eps * (h t - h s)) /\
  ((exists i j, (i < d)%nat /\ (j < d)%nat /\
      along h s t (u j) < (h s + h t) / 2 < along h s t (u i)) <->
   along h s t lo < (h s + h t) / 2 < along h s t hi).
Proof.
  intros I H Sm La; split; [apply (spread d u lo hi 0 Sm La)|].
  destruct Sm as ((l & Hl & <-) & S), La as ((k & Hk & <-) & G).
  assert (Lo : forall i, (i < d)%nat -> along h s t (u l) <= along h s t (u i))
    by (intros i Hi; apply along_le; auto).
  assert (Up : forall i, (i < d)%nat -> along h s t (u i) <= along h s t (u k))
    by (intros i Hi; apply along_le; auto).
  split; split.
  - intros (i & j & Hi & Hj & N); specialize (Lo j Hj); specialize (Up i Hi); lra.
  - intros N; exists k, l; auto.
  - intros (i & j & Hi & Hj & N); specialize (Lo j Hj); specialize (Up i Hi); lra.
  - intros N; exists k, l; auto.
Qed.

(** ** One neuron, d = 1 *)

(** The line's decoder in the scale of what goes into the link; [k] inverts the link. *)
Definition neuron_decoder (h k : R -> R) (a b : point) (m M : R) (x : point) : R :=
  h (line_decoder a b (k m) (k M) x).

Theorem neuron_1d_exact :
  forall h k, increasing_link h -> (forall t, k (h t) = t) ->
  decodes exact (linked h 1) 1 (neuron_decoder h k).
Proof.
  intros h k I Hk f V a b x (g & Hg & E) Rf Ca Aa Cb Ab Cx; simpl; unfold neuron_decoder.
  pose proof Rf as (B & Hm & HM & _).
  pose proof (proj1 (Hm a Ca) Aa) as Fa; pose proof (proj1 (HM b Cb) Ab) as Fb.
  rewrite (E a Ca) in Fa; rewrite (E b Cb) in Fb.
  rewrite <- Fa, <- Fb, !Hk, (E x Cx); f_equal.
  set (W := Vis (argmin V) (argmax V) (g a) (g b)).
  assert (Rg : represents 1 W g).
  { destruct Rf as (_ & _ & _ & X & Y); unfold W, represents; simpl.
    split; [|split; [|split; [|split; assumption]]]; intros z Cz.
    - specialize (B z Cz); rewrite <- Fa, <- Fb, (E z Cz), !(link_le h) in B by exact I; exact B.
    - rewrite (Hm z Cz), <- Fa, (E z Cz); apply link_eq, I.
    - rewrite (HM z Cz), <- Fb, (E z Cz); apply link_eq, I. }
  exact (affine_1d_exact g W a b x Hg Rg Ca Aa Cb Ab Cx).
Qed.

Theorem neuron_1d_approx :
  forall h k eps, increasing_link h -> (forall t, k (h t) = t) -> 0 <= eps ->
  decodes (approx eps) (linked h 1) 1 (neuron_decoder h k).
Proof. intros h k eps I Hk He; exact (exact_approx _ _ _ eps He (neuron_1d_exact h k I Hk)). Qed.

Theorem neuron_1d_side :
  forall h k, increasing_link h -> (forall t, k (h t) = t) ->
  decodes side (linked h 1) 1 (fun a b m M x => nearer_half m M (neuron_decoder h k a b m M x)).
Proof. intros h k I Hk; exact (exact_side _ _ _ (neuron_1d_exact h k I Hk)). Qed.

(** ** Additive functions *)

Lemma additive_mix d eta f g : additive d f -> additive d g -> additive d (mix eta f g).
Proof.
  intros (Ef & c & u & F) (Eg & e & v & G); split.
  - intros y z Cy P; unfold mix; rewrite (Ef y z Cy P), (Eg y z Cy P); reflexivity.
  - exists ((1 - eta) * c + eta * e), (fun i t => (1 - eta) * u i t + eta * v i t).
    intros z Cz; unfold mix; rewrite (F z Cz), (G z Cz), sumn_plus, !sumn_scal; ring.
Qed.

(** A function of one coordinate. *)
Lemma additive_one d k (p : R -> R) : (k < d)%nat -> additive d (fun z => p (z k)).
Proof.
  intros Hk; split.
  - intros y z _ P; rewrite (P k Hk); reflexivity.
  - exists 0, (fun i t => if Nat.eqb i k then p t else 0); intros z _.
    rewrite (sumn_single d k); [rewrite Nat.eqb_refl; ring | exact Hk |].
    intros i _ N; destruct (Nat.eqb_spec i k); [contradiction | reflexivity].
Qed.

(** From 0 at [a] to 1 from the distance [r] on. *)
Definition rise (a r t : R) : R := Rmin 1 (/ r * Rabs (t - a)).

Lemma rise_range a r t : 0 < r -> 0 <= rise a r t <= 1.
Proof.
  intros H; unfold rise; split; [|apply Rmin_l].
  apply Rmin_glb; [lra|]; apply Rmult_le_pos; [left; apply Rinv_0_lt_compat, H | apply Rabs_pos].
Qed.

Lemma rise_0 a r : rise a r a = 0.
Proof. unfold rise; rewrite Rminus_diag_eq, Rabs_R0, Rmult_0_r by reflexivity; apply Rmin_right; lra. Qed.

Lemma rise_1 a r t : 0 < r -> r <= Rabs (t - a) -> rise a r t = 1.
Proof.
  intros H L; apply Rmin_left; apply (Rmult_le_reg_l r); [exact H|].
  rewrite <- Rmult_assoc, Rinv_r; lra.
Qed.

Lemma rise_only a r t : 0 < r -> rise a r t = 0 -> t = a.
Proof.
  intros H E; destruct (Req_dec t a) as [|N]; [assumption|].
  pose proof (Rabs_pos_lt (t - a) ltac:(lra)); pose proof (Rinv_0_lt_compat r H).
  assert (0 < rise a r t) by (apply Rmin_glb_lt; [lra | apply Rmult_lt_0_compat; assumption]).
  lra.
Qed.

Lemma additive_undecidable T d a b x m M :
  demanding T -> (1 <= d)%nat -> cube d a -> cube d b ->
  (forall i, (i < d)%nat -> a i <> b i) -> ~ peq d x a -> ~ peq d x b -> m < M ->
  undecidable T (additive d) d (shown d a b m M) x.
Proof.
  intros HT Hd Ca Cb N Na Nb Hm.
  destruct (differ d x a Na) as (i & Hi & Di); destruct (differ d x b Nb) as (j & Hj & Dj).
  assert (P : forall p q, p <> q -> 0 < Rabs (p - q)) by (intros; apply Rabs_pos_lt; lra).
  pose proof (P _ _ Di) as Pi; pose proof (P _ _ Dj) as Pj.
  pose proof (P (b i) (a i) ltac:(specialize (N i Hi); congruence)) as Ri.
  pose proof (P (a j) (b j) ltac:(specialize (N j Hj); congruence)) as Rj.
  set (r := Rmin (Rabs (b i - a i)) (Rabs (x i - a i))).
  set (q := Rmin (Rabs (a j - b j)) (Rabs (x j - b j))).
  assert (Hr : 0 < r) by (apply Rmin_glb_lt; assumption).
  assert (Hq : 0 < q) by (apply Rmin_glb_lt; assumption).
  set (U := fun z : point => m + (M - m) * rise (a i) r (z i)).
  set (W := fun z : point => m + (M - m) * (1 - rise (b j) q (z j))).
  set (part := fun k t =>
    (rise (a k) (Rabs (b k - a k)) t + (1 - rise (b k) (Rabs (b k - a k)) t)) / 2).
  set (B := fun z : point => m + (M - m) * mean d (fun k => part k (z k))).
  assert (Reach : forall k, (k < d)%nat -> 0 < Rabs (b k - a k))
    by (intros k Hk; apply P; specialize (N k Hk); congruence).
  assert (Part : forall k t, (k < d)%nat -> 0 <= part k t <= 1).
  { intros k t Hk; unfold part.
    pose proof (rise_range (a k) _ t (Reach k Hk)); pose proof (rise_range (b k) _ t (Reach k Hk)).
    lra. }
  assert (Pa : forall k, (k < d)%nat -> part k (a k) = 0).
  { intros k Hk; unfold part; rewrite rise_0, rise_1; [lra | exact (Reach k Hk) |].
    rewrite Rabs_minus_sym; lra. }
  assert (Pb : forall k, (k < d)%nat -> part k (b k) = 1).
  { intros k Hk; unfold part; rewrite rise_0, rise_1; [lra | exact (Reach k Hk) | lra]. }
  assert (Cpart : forall z, cube d (fun k => part k (z k))) by (intros z k Hk; apply Part, Hk).
  assert (AU : additive d U)
    by exact (additive_one d i (fun t => m + (M - m) * rise (a i) r t) Hi).
  assert (AW : additive d W)
    by exact (additive_one d j (fun t => m + (M - m) * (1 - rise (b j) q t)) Hj).
  assert (AB : additive d B).
  { split.
    - intros y z _ E; unfold B; rewrite (mean_ext d _ (fun k => part k (z k))); [reflexivity|].
      intros k Hk; rewrite (E k Hk); reflexivity.
    - exists m, (fun k t => (M - m) * / INR d * part k t); intros z _; unfold B, mean.
      rewrite sumn_scal; unfold Rdiv; ring. }
  assert (Tr : triple (additive d) d a b m M U W B).
  { constructor; auto.
    - intros f (E & _); exact E.
    - unfold U; split; [|split].
      + intros z _; pose proof (rise_range (a i) r (z i) Hr); nra.
      + rewrite rise_0; ring.
      + rewrite rise_1; [ring | exact Hr | apply Rmin_l].
    - unfold W; split; [|split].
      + intros z _; pose proof (rise_range (b j) q (z j) Hq); nra.
      + rewrite rise_1; [ring | exact Hq | apply Rmin_l].
      + rewrite rise_0; ring.
    - unfold B; split; [|split].
      + intros z _; pose proof (mean_range d _ Hd (Cpart z)); nra.
      + rewrite (mean_ext d _ (fun _ => 0)), (mean_const d 0 Hd); [ring|]; intros k Hk; exact (Pa k Hk).
      + rewrite (mean_ext d _ (fun _ => 1)), (mean_const d 1 Hd); [ring|]; intros k Hk; exact (Pb k Hk).
    - unfold B; split; intros z Cz E k Hk.
      + assert (Z : part k (z k) = 0).
        { symmetry; apply (mean_zero d _ Hd (Cpart z)); [nra | exact Hk]. }
        unfold part in Z; pose proof (rise_range (a k) _ (z k) (Reach k Hk)).
        pose proof (rise_range (b k) _ (z k) (Reach k Hk)).
        symmetry; apply (rise_only (a k) _ (z k) (Reach k Hk)); lra.
      + assert (Z : part k (z k) = 1).
        { symmetry; apply (mean_one d _ Hd (Cpart z)); [nra | exact Hk]. }
        unfold part in Z; pose proof (rise_range (a k) _ (z k) (Reach k Hk)).
        pose proof (rise_range (b k) _ (z k) (Reach k Hk)).
        symmetry; apply (rise_only (b k) _ (z k) (Reach k Hk)); lra.
    - intros eta _; apply additive_mix; assumption.
    - intros eta _; apply additive_mix; assumption. }
  eapply triple_undecidable; [exact Tr|]; unfold U, W.
  rewrite (rise_1 (a i) r (x i) Hr) by apply Rmin_r; rewrite (rise_1 (b j) q (x j) Hq) by apply Rmin_r.
  replace (m + (M - m) * 1) with M by ring; replace (m + (M - m) * (1 - 1)) with m by ring.
  apply apart_extremes; assumption.
Qed.

Theorem additive_exact :
  forall d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> (forall i, (i < d)%nat -> a i <> b i) ->
  ~ peq d x a -> ~ peq d x b -> m < M ->
  undecidable exact (additive d) d (shown d a b m M) x.
Proof.
  intros d a b x m M Hd C N Na Nb H; inversion_clear C as [|? ? Ca C']; inversion_clear C'.
  apply additive_undecidable; auto; exact I.
Qed.

Theorem additive_approx :
  forall d a b x m M eps,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> (forall i, (i < d)%nat -> a i <> b i) ->
  ~ peq d x a -> ~ peq d x b -> m < M -> 0 < eps < 1 / 2 ->
  undecidable (approx eps) (additive d) d (shown d a b m M) x.
Proof.
  intros d a b x m M eps Hd C N Na Nb H He; inversion_clear C as [|? ? Ca C']; inversion_clear C'.
  apply additive_undecidable; auto; simpl; lra.
Qed.

Theorem additive_side :
  forall d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> (forall i, (i < d)%nat -> a i <> b i) ->
  ~ peq d x a -> ~ peq d x b -> m < M ->
  undecidable side (additive d) d (shown d a b m M) x.
Proof.
  intros d a b x m M Hd C N Na Nb H; inversion_clear C as [|? ? Ca C']; inversion_clear C'.
  apply additive_undecidable; auto; exact I.
Qed.

(** Unique extremes of an additive function differ in every coordinate. *)
Theorem additive_extremes d a b m M f :
  additive d f -> cube d a -> cube d b -> m < M -> represents d (shown d a b m M) f ->
  forall i, (i < d)%nat -> a i <> b i.
Proof.
  intros (E & c & u & F) Ca Cb Hm Rf i Hi D; pose proof Rf as (B & Fm & FM & _); simpl in *.
  pose proof (represents_a d a b m M f Ca Rf a (peq_refl d a)) as Fa.
  pose proof (represents_b d a b m M f Cb Rf b (peq_refl d b)) as Fb.
  assert (T : exists t, 0 <= t <= 1 /\ t <> a i).
  { destruct (Req_dec (a i) 0) as [e | n]; [exists 1 | exists 0]; split; lra. }
  destruct T as (t & Ht & Nt).
  assert (Move : forall z, cube d z -> f (update z i t) - f z = u i t - u i (z i)).
  { intros z Cz; rewrite (F _ (update_cube d z i t Cz Ht)), (F z Cz).
    match goal with |- c + ?p - (c + ?q) = _ => replace (c + p - (c + q)) with (p - q) by ring end.
    rewrite sumn_minus, (sumn_single d i); [rewrite update_same; reflexivity | exact Hi |].
    intros k _ Nk; rewrite update_other by exact Nk; ring. }
  pose proof (Move a Ca) as Ma; pose proof (Move b Cb) as Mb; rewrite <- D in Mb.
  assert (Na : f (update a i t) <> m).
  { intros Q; apply Fm in Q; [|apply update_cube; assumption].
    specialize (Q i Hi); rewrite update_same in Q; congruence. }
  assert (Nb : f (update b i t) <> M).
  { intros Q; apply FM in Q; [|apply update_cube; assumption].
    specialize (Q i Hi); rewrite update_same in Q; congruence. }
  pose proof (B _ (update_cube d a i t Ca Ht)); pose proof (B _ (update_cube d b i t Cb Ht)).
  lra.
Qed.
