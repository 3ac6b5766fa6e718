(** * Beyond the table

    Definitions: [lipschitz_some] (some unknown Lipschitz constant), [linked h] (one neuron:
    a known link h of an affine function), [additive], [additive_networks] (a sum of
    functions of one coordinate each, each of them a ReLU network).

    Main results: [lipschitz_unknown] (as bad as the black box); [linked_no],
    [linked_yes] (a neuron with a strictly increasing link is decided by the link of
    the affine envelope) and [linked_1d] (exact at d = 1); [additive_no] (the whole of (m, M)
    at every x that shares no coordinate with a or b: structure alone does not help). *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Networks Hats Affine Line Metrics Lipschitz.
Import ListNotations.
Open Scope R_scope.

(** ** Lipschitz with an unknown constant *)

Definition lipschitz_some (dist : point -> point -> R) (d : nat) (f : fn) : Prop :=
  exists L, lipschitz dist L d f.

Theorem lipschitz_unknown T d dist a b x m M :
  demanding T -> metric d dist ->
  Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable T (lipschitz_some dist d) d (shown d a b m M) x.
Proof.
  intros HT Me HC HD Hm.
  inversion_clear HC as [|? ? Ca HC']; inversion_clear HC' as [|? ? Cb HC].
  inversion_clear HC as [|? ? Cx _].
  apply distinct_three in HD; destruct HD as (Nab & Nax & Nbx).
  assert (Pab := metric_pos d dist a b Me Ca Cb Nab).
  assert (Pxa : 0 < dist x a) by (rewrite (metric_sym _ _ Me x a Cx Ca); apply (metric_pos d); auto).
  assert (Pxb : 0 < dist x b) by (rewrite (metric_sym _ _ Me x b Cx Cb); apply (metric_pos d); auto).
  pose proof (Rinv_0_lt_compat _ Pab); pose proof (Rinv_0_lt_compat _ Pxa);
    pose proof (Rinv_0_lt_compat _ Pxb).
  set (L := (M - m) * (/ dist a b + / dist x a + / dist x b)).
  assert (Big : forall D, 0 < D -> / D <= / dist a b + / dist x a + / dist x b -> M - m <= L * D).
  { intros D HD Hi.
    replace (M - m) with ((M - m) * / D * D) by (field; lra).
    apply Rmult_le_compat_r; [lra|]; unfold L; apply Rmult_le_compat_l; lra. }
  assert (HL : 0 < L) by (apply Rmult_lt_0_compat; lra).
  pose proof (Big (dist a b) Pab ltac:(lra)); pose proof (Big (dist x a) Pxa ltac:(lra));
    pose proof (Big (dist x b) Pxb ltac:(lra)).
  apply undecidable_larger with (lipschitz dist L d); [intros f Hf; exists L; exact Hf|].
  apply lipschitz_no; auto; unfold upper, lower; rewrite Rmin_left, Rmax_left by lra.
  apply apart_extremes; assumption.
Qed.

(** ** One neuron with a strictly increasing link *)

Definition increasing_link (h : R -> R) : Prop := forall s t, s < t -> h s < h t.

Definition linked (h : R -> R) (d : nat) (f : fn) : Prop :=
  exists g, affine d g /\ forall z, cube d z -> f z = h (g z).

Lemma linked_ext h d f : linked h d f -> ext d f.
Proof.
  intros (g & (E & _) & H) y z Cy P.
  rewrite (H y Cy), (H z (peq_cube d y z P Cy)), (E y z Cy P); reflexivity.
Qed.

Lemma link_le h s t : increasing_link h -> (h s <= h t <-> s <= t).
Proof.
  intros I; split; intros H.
  - destruct (Rle_dec s t) as [|N]; [assumption | specialize (I t s); lra].
  - destruct H as [H | ->]; [left; apply I, H | lra].
Qed.

Lemma link_eq h s t : increasing_link h -> (h s = h t <-> s = t).
Proof.
  intros I; split; [|intros ->; reflexivity]; intros H.
  apply Rle_antisym; apply (link_le h); auto; lra.
Qed.

Lemma linked_represents h d a b s t f g :
  increasing_link h -> (forall z, cube d z -> f z = h (g z)) ->
  (represents d (shown d a b (h s) (h t)) f <-> represents d (shown d a b s t) g).
Proof.
  intros I E; unfold represents; simpl.
  assert (B : forall z, cube d z -> (h s <= f z <= h t <-> s <= g z <= t))
    by (intros z Cz; rewrite (E z Cz), !link_le by exact I; tauto).
  assert (Q : forall u z, cube d z -> (f z = h u <-> g z = u))
    by (intros u z Cz; rewrite (E z Cz); apply link_eq, I).
  split; intros (H & Hm & HM & X & Y); (split; [|split; [|split; [|split; assumption]]]);
    intros z Cz; specialize (H z Cz); specialize (Hm z Cz); specialize (HM z Cz);
    specialize (B z Cz); pose proof (Q s z Cz); pose proof (Q t z Cz); tauto.
Qed.

Lemma apart_near T V u w :
  apart T V u w ->
  exists delta, 0 < delta /\
    forall u' w', Rabs (u' - u) < delta -> Rabs (w' - w) < delta -> apart T V u' w'.
Proof.
  destruct T; simpl; intros A.
  - exists (Rabs (u - w) / 2).
    assert (0 < Rabs (u - w)) by (apply Rabs_pos_lt; lra).
    split; [lra|]; intros u' w'; unfold Rabs in *; repeat destruct Rcase_abs; lra.
  - exists ((Rabs (u - w) - 2 * eps * range V) / 2); split; [lra|].
    set (r := 2 * eps * range V) in *; intros u' w'; unfold Rabs in *; repeat destruct Rcase_abs; lra.
  - exists (Rmin (u - mid V) (mid V - w)); split; [apply Rmin_glb_lt; lra|].
    pose proof (Rmin_l (u - mid V) (mid V - w)); pose proof (Rmin_r (u - mid V) (mid V - w)).
    intros u' w'; unfold Rabs; repeat destruct Rcase_abs; lra.
Qed.

(** Close to [u], a continuous link stays close to [h u]. *)
Lemma link_near h u c delta :
  continuity h -> 0 < delta ->
  exists eta0, 0 < eta0 < 1 /\
    forall eta, 0 < eta <= eta0 -> Rabs (h ((1 - eta) * u + eta * c) - h u) < delta.
Proof.
  intros K Hd; destruct (K u delta Hd) as (alp & Ha & H); simpl in H; unfold R_dist in H.
  pose proof (Rabs_pos (c - u)).
  assert (P : 0 < alp / (2 * (Rabs (c - u) + 1))) by (apply Rdiv_lt_0_compat; lra).
  exists (Rmin (1 / 2) (alp / (2 * (Rabs (c - u) + 1)))).
  pose proof (Rmin_l (1 / 2) (alp / (2 * (Rabs (c - u) + 1)))).
  pose proof (Rmin_r (1 / 2) (alp / (2 * (Rabs (c - u) + 1)))).
  split; [split; [apply Rmin_glb_lt; lra | lra]|]; intros eta He.
  destruct (Req_dec ((1 - eta) * u + eta * c) u) as [-> | N].
  - rewrite Rminus_diag_eq, Rabs_R0 by reflexivity; exact Hd.
  - apply H; split; [split; [exact I | congruence]|].
    replace ((1 - eta) * u + eta * c - u) with (eta * (c - u)) by ring.
    rewrite Rabs_mult, (Rabs_right eta) by lra.
    assert (E : alp / (2 * (Rabs (c - u) + 1)) * (Rabs (c - u) + 1) = alp / 2) by (field; lra).
    assert (eta * (Rabs (c - u) + 1) <= alp / 2)
      by (rewrite <- E; apply Rmult_le_compat_r; lra).
    nra.
Qed.

(** Some pair of flipped coordinates whose linked values are apart: undecidable. *)
Theorem linked_no T h d b s t x i j :
  increasing_link h -> continuity h -> corner d b -> s < t -> cube d x ->
  (i < d)%nat -> (j < d)%nat ->
  apart T (shown d (opposite b) b (h s) (h t))
    (h (s + (t - s) * flip b x i)) (h (s + (t - s) * flip b x j)) ->
  undecidable T (linked h d) d (shown d (opposite b) b (h s) (h t)) x.
Proof.
  intros I K Kb Hst Cx Hi Hj A.
  pose proof (affine_triple d b s t i j Kb Hst Hi Hj) as Tr.
  destruct (apart_near T _ _ _ A) as (delta & Hdelta & Near).
  set (c := flip_mean d b s t x).
  destruct (link_near h (s + (t - s) * flip b x i) c delta K Hdelta) as (e1 & He1 & N1).
  destruct (link_near h (s + (t - s) * flip b x j) c delta K Hdelta) as (e2 & He2 & N2).
  set (eta := Rmin e1 e2).
  assert (He : 0 < eta < 1 /\ eta <= e1 /\ eta <= e2).
  { unfold eta; pose proof (Rmin_l e1 e2); pose proof (Rmin_r e1 e2).
    assert (0 < Rmin e1 e2) by (apply Rmin_glb_lt; lra); lra. }
  destruct He as (He & L1 & L2).
  assert (Member : forall g, affine d g -> linked h d (fun z => h (g z)))
    by (intros g Hg; exists g; auto).
  apply (fooling_pair_defeats T _ d x (linked h d)
           (fun z => h (mix eta (coordinate_fn b s t i) (flip_mean d b s t) z))
           (fun z => h (mix eta (coordinate_fn b s t j) (flip_mean d b s t) z)));
    destruct Tr as [_ Ca Cb Ext SU SW SB St MU MW]; auto.
  - eapply linked_represents; [exact I | reflexivity | apply mix_lemma; auto].
  - eapply linked_represents; [exact I | reflexivity | apply mix_lemma; auto].
  - apply Near; [apply N1 | apply N2]; lra.
Qed.

(** No such pair: decidable. *)
Theorem linked_yes T h d b s t x :
  increasing_link h -> corner d b -> s < t -> (1 <= d)%nat -> cube d x ->
  (forall i j, (i < d)%nat -> (j < d)%nat ->
     ~ apart T (shown d (opposite b) b (h s) (h t))
         (h (s + (t - s) * flip b x i)) (h (s + (t - s) * flip b x j))) ->
  decidable T (linked h d) d (shown d (opposite b) b (h s) (h t)) x.
Proof.
  intros I Kb Hst Hd Cx A.
  destruct (largest d (flip b x) Hd) as (i & Hi & Li).
  destruct (smallest d (flip b x) Hd) as (j & Hj & Lj).
  apply envelope_decidable with (h (s + (t - s) * flip b x i)) (h (s + (t - s) * flip b x j));
    [|apply A; assumption].
  intros f (g & Hg & E) Rf; apply (linked_represents h d _ b s t f g I E) in Rf.
  rewrite (E x Cx), !link_le by exact I.
  apply (affine_envelope d b s t g x _ _ Kb Cx Hg Rf).
  intros k Hk; split; [apply Lj | apply Li]; exact Hk.
Qed.

Theorem linked_1d h a b s t x :
  increasing_link h -> cube 1 a -> cube 1 b -> cube 1 x ->
  forall f, linked h 1 f -> represents 1 (shown 1 a b (h s) (h t)) f ->
  f x = h (line_decoder a b s t x).
Proof.
  intros I Ca Cb Cx f (g & Hg & E) Rf; apply (linked_represents h 1 a b s t f g I E) in Rf.
  rewrite (E x Cx); f_equal; symmetry.
  exact (affine_1d_exact g (shown 1 a b s t) a b x Hg Rf Ca (peq_refl 1 a) Cb (peq_refl 1 b) Cx).
Qed.

(** ** Additive functions *)

Definition additive (d : nat) (f : fn) : Prop :=
  ext d f /\
  exists (c : R) (u : nat -> R -> R),
    forall z, cube d z -> f z = c + sumn d (fun i => u i (z i)).

(** Each summand a ReLU network, hence continuous and piecewise affine. *)
Definition additive_networks (d : nat) (f : fn) : Prop :=
  ext d f /\
  exists (c : R) (u : nat -> R -> R),
    (forall i, (i < d)%nat -> neural_network 1 (fun p => u i (p 0%nat))) /\
    forall z, cube d z -> f z = c + sumn d (fun i => u i (z i)).

(** A number as a point of dimension one. *)
Definition line_point (t : R) : point := fun _ => t.

Lemma hats_scale d delta s c0 l z :
  s * hats d delta c0 l z = hats d delta (s * c0) (map (fun pc => (fst pc, s * snd pc)) l) z.
Proof. induction l as [|[p c] l IH]; simpl; [reflexivity | rewrite <- IH; ring]. Qed.

Lemma common_separation n (ps : nat -> list point) :
  (forall i, (i < n)%nat -> distinct 1 (ps i)) ->
  exists delta, 0 < delta /\ forall i, (i < n)%nat -> separated 1 delta (ps i).
Proof.
  induction n as [|n IH]; intros H; [exists 1; split; [lra | intros; lia]|].
  destruct IH as (e & He & S); [intros; apply H; lia|].
  destruct (separation_exists 1 (ps n)) as (e' & He' & S'); [apply H; lia|].
  pose proof (Rmin_l e e'); pose proof (Rmin_r e e').
  exists (Rmin e e'); split; [apply Rmin_glb_lt; lra|]; intros i Hi.
  destruct (Nat.eq_dec i n) as [-> | N].
  - apply (separated_smaller 1 e'); assumption.
  - apply (separated_smaller 1 e); [assumption | apply S; lia].
Qed.

Section Additive.
  Variables (d : nat) (a b x : point) (m M delta : R).
  Hypothesis Hd : (1 <= d)%nat.
  Hypothesis Ca : cube d a.
  Hypothesis Cb : cube d b.
  Hypothesis HmM : m < M.
  Hypothesis Hdelta : 0 < delta.

  Let places i := [line_point (a i); line_point (b i); line_point (x i)].
  Hypothesis Hsep : forall i, (i < d)%nat -> separated 1 delta (places i).

  (** From 0 at a_i to 1 at b_i, and 1/2 + c at x_i. *)
  Definition part (c : R) (i : nat) (t : R) : R :=
    bump_fn 1 delta (line_point (a i)) (line_point (b i)) (line_point (x i)) 0 1 [] c (line_point t).

  Definition sum_of_parts (c : R) : fn := fun z => m + (M - m) * mean d (fun i => part c i (z i)).

  Lemma line_cube t : 0 <= t <= 1 -> cube 1 (line_point t).
  Proof. intros H i _; exact H. Qed.

  Lemma part_spans c i :
    (i < d)%nat -> - (1 / 2) <= c <= 1 / 2 ->
    (forall t, 0 <= t <= 1 -> 0 <= part c i t <= 1) /\ part c i (a i) = 0 /\ part c i (b i) = 1.
  Proof.
    intros Hi Hc.
    destruct (bump_spans 1 delta (line_point (a i)) (line_point (b i)) (line_point (x i)) 0 1 []
                Hdelta (Hsep i Hi) ltac:(lra) (Forall_nil _) c ltac:(lra)) as (B & Pa & Pb).
    split; [|split; [exact Pa | exact Pb]].
    intros t Ht; exact (B (line_point t) (line_cube t Ht)).
  Qed.

  Lemma part_strict i t :
    (i < d)%nat -> 0 <= t <= 1 -> (part 0 i t = 0 -> a i = t) /\ (part 0 i t = 1 -> b i = t).
  Proof.
    intros Hi Ht.
    destruct (bump_strict 1 delta (line_point (a i)) (line_point (b i)) (line_point (x i)) 0 1 []
                Hdelta (Hsep i Hi) (Forall_nil _) 0 ltac:(lra)) as (Sa & Sb).
    split; intros E;
      [specialize (Sa _ (line_cube t Ht) E) | specialize (Sb _ (line_cube t Ht) E)];
      [exact (Sa 0%nat Nat.lt_0_1) | exact (Sb 0%nat Nat.lt_0_1)].
  Qed.

  Lemma part_network s c i : neural_network 1 (fun p => s * part c i (p 0%nat)).
  Proof.
    eapply network_of_some_width, hats_are_networks; intros p; unfold part, bump_fn.
    rewrite hats_scale, !hat_network_computes; apply denote_ext.
    intros k Hk; replace k with 0%nat by lia; reflexivity.
  Qed.

  Lemma sum_of_parts_class c f :
    (forall z, cube d z -> f z = sum_of_parts c z) -> additive_networks d f.
  Proof.
    intros H; split.
    - intros y z Cy E; rewrite (H y Cy), (H z (peq_cube d y z E Cy)); unfold sum_of_parts.
      rewrite (mean_ext d (fun i => part c i (y i)) (fun i => part c i (z i))); [reflexivity|].
      intros i Hi; rewrite (E i Hi); reflexivity.
    - exists m, (fun i t => (M - m) * / INR d * part c i t); split.
      + intros i _; apply part_network.
      + intros z Cz; rewrite (H z Cz), sumn_scal; unfold sum_of_parts, mean, Rdiv; ring.
  Qed.

  Lemma parts_cube c z :
    - (1 / 2) <= c <= 1 / 2 -> cube d z -> cube d (fun i => part c i (z i)).
  Proof. intros Hc Cz i Hi; apply (part_spans c i Hi Hc), Cz, Hi. Qed.

  Lemma sum_of_parts_spans c :
    - (1 / 2) <= c <= 1 / 2 -> spans d a b m M (sum_of_parts c).
  Proof.
    intros Hc; unfold sum_of_parts; split; [|split].
    - intros z Cz; pose proof (mean_range d _ Hd (parts_cube c z Hc Cz)); nra.
    - rewrite (mean_ext d _ (fun _ => 0)), (mean_const d 0 Hd); [ring|].
      intros i Hi; apply (part_spans c i Hi Hc).
    - rewrite (mean_ext d _ (fun _ => 1)), (mean_const d 1 Hd); [ring|].
      intros i Hi; apply (part_spans c i Hi Hc).
  Qed.

  Lemma additive_triple :
    triple (additive_networks d) d a b m M
      (sum_of_parts (1 / 2)) (sum_of_parts (- (1 / 2))) (sum_of_parts 0).
  Proof.
    assert (Mix : forall eta c z,
      mix eta (sum_of_parts c) (sum_of_parts 0) z = sum_of_parts ((1 - eta) * c) z).
    { intros eta c z; unfold mix, sum_of_parts, mean.
      replace (sumn d (fun i => part ((1 - eta) * c) i (z i)))
        with ((1 - eta) * sumn d (fun i => part c i (z i)) + eta * sumn d (fun i => part 0 i (z i))).
      - unfold Rdiv; ring.
      - rewrite <- !sumn_scal, <- sumn_plus; apply sumn_ext; intros i Hi; unfold part.
        replace ((1 - eta) * c) with ((1 - eta) * c + eta * 0) by ring.
        rewrite <- bump_mix; reflexivity. }
    constructor; auto; try (apply sum_of_parts_spans; lra).
    - intros f (E & _); exact E.
    - pose proof (parts_cube 0) as P.
      split; intros z Cz E; unfold sum_of_parts in E; intros i Hi;
        apply (part_strict i (z i) Hi (Cz i Hi)); symmetry.
      + apply (mean_zero d _ Hd (P z ltac:(lra) Cz)); [nra | exact Hi].
      + apply (mean_one d _ Hd (P z ltac:(lra) Cz)); [nra | exact Hi].
    - intros eta _; eapply sum_of_parts_class; intros z _; apply Mix.
    - intros eta _; eapply sum_of_parts_class; intros z _; apply Mix.
  Qed.

  Lemma sum_of_parts_x c : sum_of_parts c x = m + (M - m) * (1 / 2 + c).
  Proof.
    unfold sum_of_parts; rewrite (mean_ext d _ (fun _ => 1 / 2 + c)), mean_const; auto.
    intros i Hi; unfold part.
    pose proof (bump_x 1 delta (line_point (a i)) (line_point (b i)) (line_point (x i)) 0 1 []
                  Hdelta (Hsep i Hi) c) as E.
    rewrite E; field.
  Qed.
End Additive.

Theorem additive_no T d a b x m M :
  demanding T -> (1 <= d)%nat -> cube d a -> cube d b -> m < M ->
  (forall i, (i < d)%nat -> a i <> b i /\ x i <> a i /\ x i <> b i) ->
  undecidable T (additive_networks d) d (shown d a b m M) x.
Proof.
  intros HT Hd Ca Cb Hm N.
  destruct (common_separation d (fun i => [line_point (a i); line_point (b i); line_point (x i)]))
    as (delta & Hdelta & S).
  - intros i Hi; destruct (N i Hi) as (Nab & Nxa & Nxb); apply distinct_three.
    repeat split; intros E; specialize (E 0%nat Nat.lt_0_1); unfold line_point in E; congruence.
  - eapply triple_undecidable; [apply additive_triple with (delta := delta) (x := x); auto|].
    rewrite !sum_of_parts_x by auto.
    replace (m + (M - m) * (1 / 2 + 1 / 2)) with M by field.
    replace (m + (M - m) * (1 / 2 + - (1 / 2))) with m by field.
    apply apart_extremes; assumption.
Qed.

Corollary additive_inherits T d a b x m M :
  demanding T -> (1 <= d)%nat -> cube d a -> cube d b -> m < M ->
  (forall i, (i < d)%nat -> a i <> b i /\ x i <> a i /\ x i <> b i) ->
  undecidable T (additive d) d (shown d a b m M) x.
Proof.
  intros; eapply undecidable_larger; [|apply additive_no; eassumption].
  intros f (E & c & u & _ & H'); split; [exact E | exists c, u; exact H'].
Qed.
