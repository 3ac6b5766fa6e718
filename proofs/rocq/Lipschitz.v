(** * Row lipschitz: known Lipschitz constant L

    Definitions: the class [lipschitz dist L d], over any metric; the envelope [upper]
    and [lower] (the two cones from the shown points, cut off at M and at m).

    A visualization is feasible when M - m <= L |a - b|. At every feasible one the
    envelope is sharp: members are inside it ([lipschitz_envelope]), and the triple
    (upper, lower, half-way) fills it ([lipschitz_triple], [lipschitz_fibre]).

    Main results: [lipschitz_exact], [lipschitz_approx] (with, for l1, l2 and l_inf, a
    feasible visualization and an x of full radius for every L > 0: no L is small
    enough for every visualization), [lipschitz_side] (decidable if and only if
    L min(|x-a|, |x-b|) <= (M-m)/2: "only for small L"); [lipschitz_feasible].

    References: Geirhos et al., ICML 2024, for the table; E. J. McShane, "Extension of
    range of functions", Bull. AMS 40, 1934, for the cones. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Metrics.
Open Scope R_scope.

Definition lipschitz (dist : point -> point -> R) (L : R) (d : nat) (f : fn) : Prop :=
  ext d f /\
  forall y z, cube d y -> cube d z -> Rabs (f y - f z) <= L * dist y z.

Definition upper (dist : point -> point -> R) (L : R) (a : point) (m M : R) : fn :=
  fun z => Rmin M (m + L * dist z a).

Definition lower (dist : point -> point -> R) (L : R) (b : point) (m M : R) : fn :=
  fun z => Rmax m (M - L * dist z b).

Lemma Rmin_or r s : Rmin r s = r \/ Rmin r s = s.
Proof. unfold Rmin; destruct Rle_dec; auto. Qed.

Section Row.
  Variables (d : nat) (dist : point -> point -> R) (L : R) (a b : point) (m M : R).
  Hypothesis Me : metric d dist.
  Hypothesis HL : 0 < L.
  Hypothesis Ca : cube d a.
  Hypothesis Cb : cube d b.
  Hypothesis H : m < M.

  Let U := upper dist L a m M.
  Let W := lower dist L b m M.
  Let B : fn := fun z => (U z + W z) / 2.

  (** Every visualization of a member is feasible. *)
  Theorem lipschitz_feasible h :
    lipschitz dist L d h -> represents d (shown d a b m M) h -> M - m <= L * dist a b.
  Proof.
    intros (_ & K) Rh; specialize (K a b Ca Cb).
    rewrite (represents_a d a b m M h Ca Rh a (peq_refl d a)) in K.
    rewrite (represents_b d a b m M h Cb Rh b (peq_refl d b)) in K.
    revert K; unfold Rabs; destruct Rcase_abs; lra.
  Qed.

  Theorem lipschitz_envelope h x :
    cube d x -> lipschitz dist L d h -> represents d (shown d a b m M) h ->
    W x <= h x <= U x.
  Proof.
    intros Cx (_ & K) Rh; pose proof (K x a Cx Ca) as Ka; pose proof (K x b Cx Cb) as Kb.
    rewrite (represents_a d a b m M h Ca Rh a (peq_refl d a)) in Ka.
    rewrite (represents_b d a b m M h Cb Rh b (peq_refl d b)) in Kb.
    destruct Rh as (Bd & _); specialize (Bd x Cx); simpl in Bd; unfold U, W, upper, lower.
    split; [apply Rmax_lub | apply Rmin_glb]; try lra; revert Ka Kb; unfold Rabs;
      repeat destruct Rcase_abs; lra.
  Qed.

  Lemma lipschitz_intro f :
    (forall y z, cube d y -> cube d z -> f y - f z <= L * dist y z) -> lipschitz dist L d f.
  Proof.
    intros K; split.
    - intros y z Cy E; pose proof (peq_cube d y z E Cy) as Cz.
      pose proof (K y z Cy Cz); pose proof (K z y Cz Cy).
      rewrite (proj2 (metric_zero _ _ Me y z Cy Cz) E) in *.
      rewrite (proj2 (metric_zero _ _ Me z y Cz Cy) (peq_sym d y z E)) in *; lra.
    - intros y z Cy Cz; pose proof (K y z Cy Cz); pose proof (K z y Cz Cy).
      rewrite (metric_sym _ _ Me z y Cz Cy) in *; unfold Rabs; destruct Rcase_abs; lra.
  Qed.

  Lemma upper_steep y z : cube d y -> cube d z -> U y - U z <= L * dist y z.
  Proof.
    intros Cy Cz; pose proof (metric_triangle _ _ Me y z a Cy Cz Ca).
    pose proof (metric_nonneg d dist y z Me Cy Cz).
    unfold U, upper, Rmin; repeat destruct Rle_dec; nra.
  Qed.

  Lemma lower_steep y z : cube d y -> cube d z -> W y - W z <= L * dist y z.
  Proof.
    intros Cy Cz; pose proof (metric_triangle _ _ Me z y b Cz Cy Cb).
    pose proof (metric_nonneg d dist y z Me Cy Cz); rewrite (metric_sym _ _ Me z y Cz Cy) in *.
    unfold W, lower, Rmax; repeat destruct Rle_dec; nra.
  Qed.

  Lemma mix_steep eta (f g : fn) :
    0 < eta < 1 ->
    (forall y z, cube d y -> cube d z -> f y - f z <= L * dist y z) ->
    (forall y z, cube d y -> cube d z -> g y - g z <= L * dist y z) ->
    lipschitz dist L d (mix eta f g).
  Proof.
    intros He F G; apply lipschitz_intro; intros y z Cy Cz.
    specialize (F y z Cy Cz); specialize (G y z Cy Cz); unfold mix; nra.
  Qed.

  Hypothesis Feasible : M - m <= L * dist a b.

  Lemma lipschitz_triple : triple (lipschitz dist L d) d a b m M U W B.
  Proof.
    assert (Za : dist a a = 0) by (apply (metric_zero _ _ Me); auto using peq_refl).
    assert (Zb : dist b b = 0) by (apply (metric_zero _ _ Me); auto using peq_refl).
    assert (RU : forall z, cube d z -> m <= U z <= M).
    { intros z Cz; pose proof (metric_nonneg d dist z a Me Cz Ca).
      unfold U, upper, Rmin; destruct Rle_dec; nra. }
    assert (RW : forall z, cube d z -> m <= W z <= M).
    { intros z Cz; pose proof (metric_nonneg d dist z b Me Cz Cb).
      unfold W, lower, Rmax; destruct Rle_dec; nra. }
    assert (Ua : U a = m) by (unfold U, upper; rewrite Za, Rmin_right; lra).
    assert (Ub : U b = M)
      by (unfold U, upper; rewrite (metric_sym _ _ Me b a Cb Ca), Rmin_left; lra).
    assert (Wa : W a = m) by (unfold W, lower; rewrite Rmax_left; lra).
    assert (Wb : W b = M) by (unfold W, lower; rewrite Zb, Rmax_right; lra).
    assert (SB : forall y z, cube d y -> cube d z -> B y - B z <= L * dist y z).
    { intros y z Cy Cz; pose proof (upper_steep y z Cy Cz); pose proof (lower_steep y z Cy Cz).
      unfold B; lra. }
    constructor; auto.
    - intros f (E & _); exact E.
    - split; auto.
    - split; auto.
    - split; [|unfold B; rewrite Ua, Ub, Wa, Wb; lra].
      intros z Cz; specialize (RU z Cz); specialize (RW z Cz); unfold B; lra.
    - split; intros z Cz E; specialize (RU z Cz); specialize (RW z Cz); unfold B in E.
      + apply peq_sym, (metric_zero _ _ Me z a Cz Ca).
        assert (Q : U z = m) by lra; pose proof (metric_nonneg d dist z a Me Cz Ca).
        revert Q; unfold U, upper, Rmin; destruct Rle_dec; nra.
      + apply peq_sym, (metric_zero _ _ Me z b Cz Cb).
        assert (Q : W z = M) by lra; pose proof (metric_nonneg d dist z b Me Cz Cb).
        revert Q; unfold W, lower, Rmax; destruct Rle_dec; nra.
    - intros eta He; apply mix_steep; auto using upper_steep.
    - intros eta He; apply mix_steep; auto using lower_steep.
  Qed.

  Lemma lipschitz_no T x :
    apart T (shown d a b m M) (U x) (W x) ->
    undecidable T (lipschitz dist L d) d (shown d a b m M) x.
  Proof. apply triple_undecidable with B; exact lipschitz_triple. Qed.

  Lemma lipschitz_iff T x :
    cube d x ->
    (decidable T (lipschitz dist L d) d (shown d a b m M) x <->
     ~ apart T (shown d a b m M) (U x) (W x)).
  Proof.
    intros Cx; apply triple_sharp with B; [exact lipschitz_triple|].
    intros h Ch Rh; apply lipschitz_envelope; assumption.
  Qed.

  (** Every value strictly between the cones is taken. *)
  Theorem lipschitz_fibre x y :
    W x < y < U x ->
    exists f, lipschitz dist L d f /\ represents d (shown d a b m M) f /\ f x = y.
  Proof.
    apply interior_attained with B; [exact lipschitz_triple|].
    intros eta f g He (_ & F) (_ & G); apply mix_steep; auto; intros y' z Cy Cz;
      [specialize (F y' z Cy Cz) | specialize (G y' z Cy Cz)];
      eapply Rle_trans; try apply Rle_abs; eassumption.
  Qed.

  (** The cones never cross. *)
  Lemma lower_upper x : cube d x -> W x <= U x.
  Proof.
    intros Cx; pose proof (metric_triangle _ _ Me a x b Ca Cx Cb).
    rewrite (metric_sym _ _ Me a x Ca Cx) in *.
    pose proof (metric_nonneg d dist x a Me Cx Ca); pose proof (metric_nonneg d dist x b Me Cx Cb).
    unfold U, W, upper, lower, Rmin, Rmax; repeat destruct Rle_dec; nra.
  Qed.

  (** Side is undecidable exactly when both cones pass the midrange at x. *)
  Lemma lipschitz_side_apart x :
    apart side (shown d a b m M) (U x) (W x) <-> L * Rmin (dist x a) (dist x b) > (M - m) / 2.
  Proof.
    simpl; unfold mid, U, W, upper, lower; simpl.
    split.
    - intros (Hw & Hu).
      pose proof (Rmin_r M (m + L * dist x a)); pose proof (Rmax_r m (M - L * dist x b)).
      destruct (Rmin_or (dist x a) (dist x b)) as [-> | ->]; lra.
    - intros K; assert (A : L * dist x a > (M - m) / 2 /\ L * dist x b > (M - m) / 2).
      { pose proof (Rmin_l (dist x a) (dist x b)); pose proof (Rmin_r (dist x a) (dist x b)).
        split; nra. }
      split; [apply Rmax_lub_lt | apply Rmin_glb_lt]; lra.
  Qed.
End Row.

(** Half-way between a and b, with half the range that L allows: the whole of [m, M]. *)
Theorem lipschitz_no_small_L n d L :
  (1 <= d)%nat -> 0 < L ->
  exists a b m M x,
    cube d a /\ cube d b /\ cube d x /\ m < M /\ M - m <= L * distance n d a b /\
    upper (distance n d) L a m M x = M /\ lower (distance n d) L b m M x = m.
Proof.
  intros Hd HL; destruct (distance_half_way n d Hd) as (a & x & b & Ca & Cx & Cb & P & Xa & Xb).
  assert (Q : 0 < L * distance n d a b) by (apply Rmult_lt_0_compat; assumption).
  exists a, b, 0, (L * distance n d a b / 2), x.
  unfold upper, lower; rewrite Xa, Xb, Rmin_left, Rmax_left by lra.
  do 3 (split; [assumption|]); repeat split; lra.
Qed.

(** ** The row *)

Theorem lipschitz_exact :
  (forall d dist L a b m M,
   (1 <= d)%nat -> metric d dist -> 0 < L ->
   cube d a -> cube d b -> m < M -> M - m <= L * dist a b ->
   forall x, cube d x ->
   (lower dist L b m M x < upper dist L a m M x ->
      undecidable exact (lipschitz dist L d) d (shown d a b m M) x) /\
   (decidable exact (lipschitz dist L d) d (shown d a b m M) x <->
      upper dist L a m M x = lower dist L b m M x)) /\
  (forall n d L,
   (1 <= d)%nat -> 0 < L ->
   exists a b m M x,
     cube d a /\ cube d b /\ cube d x /\ m < M /\ M - m <= L * distance n d a b /\
     lower (distance n d) L b m M x < upper (distance n d) L a m M x).
Proof.
  split.
  - intros d dist L a b m M Hd Me HL Ca Cb H F x Cx; split.
    + intros A; apply lipschitz_no; auto; simpl; lra.
    + rewrite lipschitz_iff by assumption; simpl; split; [|auto].
      intros A; destruct (Req_dec (upper dist L a m M x) (lower dist L b m M x)); tauto.
  - intros n d L Hd HL.
    destruct (lipschitz_no_small_L n d L Hd HL)
      as (a & b & m & M & x & Ca & Cb & Cx & H & F & Ux & Wx).
    exists a, b, m, M, x; rewrite Ux, Wx.
    do 5 (split; [assumption|]); assumption.
Qed.

Theorem lipschitz_approx :
  (forall d dist L a b m M eps,
   (1 <= d)%nat -> metric d dist -> 0 < L ->
   cube d a -> cube d b -> m < M -> M - m <= L * dist a b -> 0 < eps < 1 / 2 ->
   forall x, cube d x ->
   (upper dist L a m M x - lower dist L b m M x > 2 * eps * (M - m) ->
      undecidable (approx eps) (lipschitz dist L d) d (shown d a b m M) x) /\
   (decidable (approx eps) (lipschitz dist L d) d (shown d a b m M) x <->
      upper dist L a m M x - lower dist L b m M x <= 2 * eps * (M - m))) /\
  (forall n d L eps,
   (1 <= d)%nat -> 0 < L -> 0 < eps < 1 / 2 ->
   exists a b m M x,
     cube d a /\ cube d b /\ cube d x /\ m < M /\ M - m <= L * distance n d a b /\
     upper (distance n d) L a m M x - lower (distance n d) L b m M x > 2 * eps * (M - m)).
Proof.
  split.
  - intros d dist L a b m M eps Hd Me HL Ca Cb H F He x Cx.
    pose proof (lower_upper d dist L a b m M Me HL Ca Cb H F x Cx) as LU.
    split.
    + intros A; apply lipschitz_no; auto; simpl; unfold range; simpl.
      rewrite Rabs_right; lra.
    + rewrite lipschitz_iff by assumption; simpl; unfold range; simpl.
      rewrite Rabs_right by lra; split; lra.
  - intros n d L eps Hd HL He.
    destruct (lipschitz_no_small_L n d L Hd HL)
      as (a & b & m & M & x & Ca & Cb & Cx & H & F & Ux & Wx).
    exists a, b, m, M, x; rewrite Ux, Wx.
    do 5 (split; [assumption|]); nra.
Qed.

Theorem lipschitz_side :
  forall d dist L a b m M,
  (1 <= d)%nat -> metric d dist -> 0 < L ->
  cube d a -> cube d b -> m < M -> M - m <= L * dist a b ->
  forall x, cube d x ->
  (L * Rmin (dist x a) (dist x b) > (M - m) / 2 ->
     undecidable side (lipschitz dist L d) d (shown d a b m M) x) /\
  (decidable side (lipschitz dist L d) d (shown d a b m M) x <->
     L * Rmin (dist x a) (dist x b) <= (M - m) / 2).
Proof.
  intros d dist L a b m M Hd Me HL Ca Cb H F x Cx.
  pose proof (lipschitz_side_apart d dist L a b m M HL H x) as S.
  split.
  - intros A; apply lipschitz_no; auto; apply S; lra.
  - rewrite lipschitz_iff, S by assumption; split; lra.
Qed.
