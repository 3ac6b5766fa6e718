(** * The mix lemma: one triple makes a row

    Definitions: [mix], [triple].

    A triple (U, W, B) has a large, a small and a strict function: all three run from
    m at a to M at b inside [m, M], and B reaches m only at a and M only at b.
    Mixing a little of B into U and into W gives two functions with the same
    visualization ({a}, {b}, m, M), whose values at x are as close to U(x) and W(x)
    as we like.

    Main results: [mix_lemma]; [triple_undecidable] (every No cell of the table is an
    instance of it); [envelope_decidable] (if all members lie between W(x) and
    U(x)); [triple_sharp] (the two together); [interior_attained] (every
    value strictly between W(x) and U(x) is taken by a member). *)

From Coq Require Import Reals Lra Lia List.
From Trompe Require Import Points Tasks.
Open Scope R_scope.

Definition mix (eta : R) (U B : fn) : fn := fun z => (1 - eta) * U z + eta * B z.

Definition closed_under_mixing (C : class) : Prop :=
  forall eta f g, 0 < eta < 1 -> C f -> C g -> C (mix eta f g).

(** [f] runs from [m] at [a] to [M] at [b] and stays between. *)
Definition spans (d : nat) (a b : point) (m M : R) (f : fn) : Prop :=
  (forall z, cube d z -> m <= f z <= M) /\ f a = m /\ f b = M.

(** [f] reaches [m] at no other point than [a], and [M] at no other than [b]. *)
Definition strict (d : nat) (a b : point) (m M : R) (f : fn) : Prop :=
  (forall z, cube d z -> f z = m -> peq d a z) /\
  (forall z, cube d z -> f z = M -> peq d b z).

Record triple (C : class) (d : nat) (a b : point) (m M : R) (U W B : fn) : Prop := {
  triple_range : m < M;
  triple_a : cube d a;
  triple_b : cube d b;
  triple_class : forall f, C f -> ext d f;
  triple_U : spans d a b m M U;
  triple_W : spans d a b m M W;
  triple_B : spans d a b m M B;
  triple_strict : strict d a b m M B;
  triple_mixU : forall eta, 0 < eta < 1 -> C (mix eta U B);
  triple_mixW : forall eta, 0 < eta < 1 -> C (mix eta W B)
}.

(** ** The mix lemma *)

Lemma mix_lemma d a b m M U B eta :
  0 < eta < 1 -> cube d a -> cube d b -> ext d (mix eta U B) ->
  spans d a b m M U -> spans d a b m M B -> strict d a b m M B ->
  represents d (shown d a b m M) (mix eta U B).
Proof.
  intros He Ca Cb E (HU & Ua & Ub) (HB & Ba & Bb) (Sa & Sb).
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

(** ** Mixing little enough keeps two values apart *)

Lemma little_enough p q :
  p > 0 -> exists eta0, 0 < eta0 < 1 /\
    forall eta, 0 < eta <= eta0 -> (1 - eta) * p + eta * q > 0.
Proof.
  intros Hp; pose proof (Rabs_pos q) as Hq.
  assert (HS : 0 < 2 * (p + Rabs q)) by lra.
  assert (E0 : p / (2 * (p + Rabs q)) * (p + Rabs q) = p / 2) by (field; lra).
  exists (p / (2 * (p + Rabs q))); split.
  - split; [apply Rdiv_lt_0_compat; lra|].
    apply (Rmult_lt_reg_r (2 * (p + Rabs q))); [lra|].
    unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra.
  - intros eta He.
    assert (eta * (p + Rabs q) <= p / 2) by (rewrite <- E0; apply Rmult_le_compat_r; lra).
    assert (- Rabs q <= q) by (unfold Rabs; destruct Rcase_abs; lra).
    nra.
Qed.

Lemma apart_mixed T V u w c :
  apart T V u w ->
  exists eta, 0 < eta < 1 /\
    apart T V ((1 - eta) * u + eta * c) ((1 - eta) * w + eta * c).
Proof.
  destruct T; simpl; intros A.
  - exists (1 / 2); split; lra.
  - destruct (little_enough (Rabs (u - w) - 2 * eps * range V) (- (2 * eps * range V)))
      as (eta & He & H); [lra|].
    exists eta; split; [exact He|].
    replace ((1 - eta) * u + eta * c - ((1 - eta) * w + eta * c))
      with ((1 - eta) * (u - w)) by ring.
    rewrite Rabs_mult, (Rabs_right (1 - eta)) by lra.
    specialize (H eta); lra.
  - destruct (little_enough (u - mid V) (c - mid V)) as (e1 & He1 & H1); [lra|].
    destruct (little_enough (mid V - w) (mid V - c)) as (e2 & He2 & H2); [lra|].
    exists (Rmin e1 e2).
    assert (0 < Rmin e1 e2) by (apply Rmin_glb_lt; lra).
    pose proof (Rmin_l e1 e2); pose proof (Rmin_r e1 e2).
    split; [lra|].
    specialize (H1 (Rmin e1 e2)); specialize (H2 (Rmin e1 e2)); lra.
Qed.

(** ** No from a triple, decidable from an envelope *)

Lemma triple_undecidable T C d a b m M U W B x :
  triple C d a b m M U W B -> apart T (shown d a b m M) (U x) (W x) ->
  undecidable T C d (shown d a b m M) x.
Proof.
  intros H A; destruct (apart_mixed T _ _ _ (B x) A) as (eta & He & A').
  destruct H.
  apply (fooling_pair_defeats T _ d x C (mix eta U B) (mix eta W B)); auto;
    apply mix_lemma; auto.
Qed.

Lemma envelope_decidable T (C : class) d V u w x :
  (forall h, C h -> represents d V h -> w <= h x <= u) ->
  ~ apart T V u w -> decidable T C d V x.
Proof.
  intros H N; destruct T; simpl in N.
  - exists u; intros h Ch Rh; specialize (H h Ch Rh); simpl; lra.
  - exists ((u + w) / 2); intros h Ch Rh; specialize (H h Ch Rh); simpl.
    revert N; unfold Rabs; repeat destruct Rcase_abs; lra.
  - destruct (Rle_dec u (mid V)).
    + exists Lower; intros h Ch Rh; specialize (H h Ch Rh); simpl; lra.
    + exists Upper; intros h Ch Rh; specialize (H h Ch Rh); simpl; lra.
Qed.

Lemma triple_sharp T C d a b m M U W B x :
  triple C d a b m M U W B ->
  (forall h, C h -> represents d (shown d a b m M) h -> W x <= h x <= U x) ->
  (decidable T C d (shown d a b m M) x <-> ~ apart T (shown d a b m M) (U x) (W x)).
Proof.
  intros H E; split.
  - intros D A; apply (decidable_not_undecidable _ _ _ _ _ D).
    exact (triple_undecidable T C d a b m M U W B x H A).
  - apply envelope_decidable; exact E.
Qed.

(** Every value strictly inside the envelope is attained. *)
Theorem interior_attained C d a b m M U W B x y :
  triple C d a b m M U W B -> closed_under_mixing C -> W x < y < U x ->
  exists f, C f /\ represents d (shown d a b m M) f /\ f x = y.
Proof.
  intros H K Hy.
  destruct (little_enough (U x - y) (B x - y)) as (e1 & He1 & H1); [lra|].
  destruct (little_enough (y - W x) (y - B x)) as (e2 & He2 & H2); [lra|].
  assert (0 < Rmin e1 e2) by (apply Rmin_glb_lt; lra).
  pose proof (Rmin_l e1 e2); pose proof (Rmin_r e1 e2).
  set (eta := Rmin e1 e2) in *; assert (He : 0 < eta < 1) by lra.
  set (f := mix eta U B); set (g := mix eta W B).
  assert (P : g x < y < f x) by (specialize (H1 eta); specialize (H2 eta); unfold f, g, mix; lra).
  set (lam := (f x - y) / (f x - g x)).
  assert (E : lam * (f x - g x) = f x - y) by (unfold lam; field; lra).
  assert (Hl : 0 < lam < 1) by (split; apply (Rmult_lt_reg_r (f x - g x)); lra).
  destruct H as [_ Ca Cb Ext SU SW SB St MU MW].
  assert (Sf : spans d a b m M f).
  { destruct SU as (RU & Ua & Ub), SB as (RB & Ba & Bb); unfold f, mix; split; [|split].
    - intros z Cz; specialize (RU z Cz); specialize (RB z Cz); split; nra.
    - rewrite Ua, Ba; ring.
    - rewrite Ub, Bb; ring. }
  assert (Q : represents d (shown d a b m M) g) by (apply mix_lemma; auto).
  assert (C (mix lam f g)) by (apply K; unfold f, g; auto).
  exists (mix lam f g); split; [assumption | split; [|unfold mix; lra]].
  pose proof Q as (Bg & Gm & GM & _); simpl in *.
  apply mix_lemma; auto.
  - split; [exact Bg | split].
    + apply (represents_a d a b m M g Ca Q a (peq_refl d a)).
    + apply (represents_b d a b m M g Cb Q b (peq_refl d b)).
  - split; intros z Cz e; [apply Gm | apply GM]; assumption.
Qed.

(** A task whose answers cannot cover the whole of [m, M]: all three, but for
    eps >= 1/2. *)
Definition demanding (T : task) : Prop :=
  match T with
  | approx eps => eps < 1 / 2
  | _ => True
  end.

Lemma apart_extremes T d a b m M :
  m < M -> demanding T -> apart T (shown d a b m M) M m.
Proof.
  intros H; destruct T; simpl; unfold range, mid; simpl; intros D; [lra | | lra].
  rewrite Rabs_right by lra; nra.
Qed.
