(** * The cells of the coarser levels that differ from the table

    At [Maximum], [Images] and [Argmax] every No of the table stays ([no_inherited]). The rows
    whose cells are not all No have their own theorems here.

    Definitions: [line_argmax_side] and [line_images_side], the decoders of affine, d = 1.

    Main results: [lipschitz_side_maximum], [lipschitz_side_images], [lipschitz_side_argmax] (a No
    for every L > 0: the range is not shown, so L may be large against it);
    [affine_1d_exact_maximum], [affine_1d_approx_maximum] (decidable up to eps = |x - b|),
    [affine_1d_side_maximum], the same with [_images] and [_argmax] (exact and approx No at every
    x, side Yes), and [constant_exact_maximum] and so on (without values exact and approx are a
    No at every x). [affine_1d_side_images_short], [affine_1d_side_argmax_short],
    [constant_side_any]: the Yes of side stands for every shortfall tau < 1/2.

    Reference for the table: Geirhos et al., ICML 2024. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Affine Line Metrics Lipschitz Levels.
Import ListNotations.
Open Scope R_scope.

(** ** lipschitz: the range may be as small as we like *)

Lemma avoid (ps : list point) lo hi :
  lo < hi -> exists t, lo < t < hi /\ Forall (fun p => p 0%nat <> t) ps.
Proof.
  revert lo hi; induction ps as [|p ps IH]; intros lo hi H.
  - exists ((lo + hi) / 2); split; [lra | constructor].
  - destruct (Rle_dec (p 0%nat) ((lo + hi) / 2));
      [destruct (IH ((lo + hi) / 2) hi) as (t & Ht & F) |
       destruct (IH lo ((lo + hi) / 2)) as (t & Ht & F)];
      try lra; exists t; split; try lra; constructor; auto; lra.
Qed.

(** There is always one more input. *)
Lemma fresh d (ps : list point) :
  (1 <= d)%nat -> exists a, cube d a /\ Forall (fun p => ~ peq d p a) ps.
Proof.
  intros Hd; destruct (avoid ps 0 1) as (t & Ht & F); [lra|].
  exists (fun _ => t); split; [intros i _; lra|].
  eapply Forall_impl; [|exact F]; simpl; intros p N E; apply N, (E 0%nat); lia.
Qed.

Lemma small_range d dist L a b x :
  (1 <= d)%nat -> metric d dist -> 0 < L -> cube d a -> cube d b -> cube d x ->
  ~ peq d a b -> ~ peq d x a -> ~ peq d x b ->
  exists r, forall m, undecidable side (lipschitz dist L d) d (shown d a b m (m + r)) x.
Proof.
  intros Hd Me HL Ca Cb Cx Nab Nxa Nxb.
  pose proof (metric_pos d dist a b Me Ca Cb Nab) as P.
  pose proof (metric_pos d dist x a Me Cx Ca Nxa) as Pa.
  pose proof (metric_pos d dist x b Me Cx Cb Nxb) as Pb.
  set (s := Rmin (dist a b) (Rmin (dist x a) (dist x b))).
  assert (Hs : 0 < s) by (repeat apply Rmin_glb_lt; assumption).
  pose proof (Rmin_l (dist a b) (Rmin (dist x a) (dist x b))) as S1.
  pose proof (Rmin_r (dist a b) (Rmin (dist x a) (dist x b))) as S2; fold s in S1, S2.
  exists (L * s); intros m; assert (0 < L * s) by (apply Rmult_lt_0_compat; assumption).
  apply (lipschitz_side d dist L a b m (m + L * s)); auto; nra.
Qed.

Theorem lipschitz_side_maximum :
  forall d dist L a b m M x,
  (1 <= d)%nat -> metric d dist -> 0 < L -> cube d b -> cube d x -> ~ peq d x b ->
  undecidable_at Maximum side (lipschitz dist L d) d (shown d a b m M) x.
Proof.
  intros d dist L a b m M x Hd Me HL Cb Cx N; destruct (fresh d [b; x] Hd) as (c & Cc & F).
  inversion_clear F as [|? ? Nb F']; inversion_clear F' as [|? ? Nx _].
  destruct (small_range d dist L c b x) as (r & U); auto using peq_sym.
  specialize (U (M - r)); replace (M - r + r) with M in U by ring.
  apply no_from_finer with (shown d c b (M - r) M); [|exact U].
  split; [intros z _; tauto | reflexivity].
Qed.

Theorem lipschitz_side_images :
  forall d dist L a b m M x,
  (1 <= d)%nat -> metric d dist -> 0 < L -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] ->
  undecidable_at Images side (lipschitz dist L d) d (shown d a b m M) x.
Proof.
  intros d dist L a b m M x Hd Me HL HC HD; apply distinct_three in HD.
  inversion_clear HC as [|? ? Ca HC']; inversion_clear HC' as [|? ? Cb HC''].
  inversion_clear HC'' as [|? ? Cx _]; destruct HD as (Nab & Nax & Nbx).
  destruct (small_range d dist L a b x) as (r & U); auto using peq_sym.
  apply no_from_finer with (shown d a b m (m + r)); [|apply U]; split; intros z _; tauto.
Qed.

Theorem lipschitz_side_argmax :
  forall d dist L a b m M x,
  (1 <= d)%nat -> metric d dist -> 0 < L -> cube d b -> cube d x -> ~ peq d x b ->
  undecidable_at Argmax side (lipschitz dist L d) d (shown d a b m M) x.
Proof. intros; apply coarser with Maximum; [exact I | apply lipschitz_side_maximum; auto]. Qed.

(** ** affine, d = 1 *)

Lemma affine_combination d f g h p q c :
  affine d f -> affine d g -> (forall z, h z = p * f z + q * g z + c) -> affine d h.
Proof.
  intros (Ef & w & e & F) (Eg & v & k & G) H; split.
  - intros y z Cy P; rewrite !H, (Ef y z Cy P), (Eg y z Cy P); reflexivity.
  - exists (fun i => p * w i + q * v i), (p * e + q * k + c); intros z Cz;
      rewrite H, (F z Cz), (G z Cz).
    rewrite (sumn_ext d (fun i => (p * w i + q * v i) * z i)
               (fun i => p * (w i * z i) + q * (v i * z i))) by (intros; ring).
    rewrite sumn_plus, !sumn_scal; ring.
Qed.

Lemma affine_shifted d f c : affine d f -> affine d (shifted c f).
Proof.
  intros A; apply (affine_combination d f f _ 1 0 c A A); intros z; unfold shifted; ring.
Qed.

Lemma affine_shrunk d f M lam : affine d f -> affine d (shrunk lam M f).
Proof.
  intros A; apply (affine_combination d f f _ lam 0 (M - lam * M) A A).
  intros z; unfold shrunk; ring.
Qed.

(** A line about its midrange. *)
Lemma line_about_mid f V :
  affine 1 f -> represents 1 V f ->
  exists w, range V = Rabs w /\ forall x, cube 1 x -> f x = mid V + w * (x 0%nat - 1 / 2).
Proof.
  intros (_ & v & c & H) (B & Hm & HM & (a & Ca & Aa) & (b & Cb & Ab)); exists (v 0%nat).
  pose proof (proj1 (Hm a Ca) Aa) as Fa; pose proof (proj1 (HM b Cb) Ab) as Fb.
  pose proof (B zeros (cube_zeros 1)) as B0; pose proof (B ones (cube_ones 1)) as B1.
  rewrite (H a Ca) in Fa; rewrite (H b Cb) in Fb; rewrite (H _ (cube_zeros 1)) in B0.
  rewrite (H _ (cube_ones 1)) in B1; unfold zeros, ones in *; simpl in *.
  pose proof (Ca 0%nat Nat.lt_0_1) as A0; pose proof (Cb 0%nat Nat.lt_0_1) as A1.
  set (r := v 0%nat) in *; set (p := a 0%nat) in *; set (q := b 0%nat) in *.
  assert (E : vmin V = c + Rmin 0 r /\ vmax V = c + Rmax 0 r).
  { unfold Rmin, Rmax; destruct Rle_dec; split; nra. }
  destruct E as (E & E'); unfold range, mid; rewrite E, E'; split.
  - unfold Rmin, Rmax, Rabs; destruct Rle_dec, Rcase_abs; lra.
  - intros x Cx; rewrite (H x Cx); simpl; fold r.
    replace (c + Rmin 0 r + (c + Rmax 0 r)) with (2 * c + r)
      by (unfold Rmin, Rmax; destruct Rle_dec; lra).
    field.
Qed.

(** One line for each end, each minimum and each maximum. *)
Lemma line_member b m M :
  corner 1 b -> m < M ->
  affine 1 (coordinate_fn b m M 0) /\
  represents 1 (shown 1 (opposite b) b m M) (coordinate_fn b m M 0) /\
  forall x, cube 1 x -> M - coordinate_fn b m M 0 x = (M - m) * Rabs (x 0%nat - b 0%nat).
Proof.
  intros K H; pose proof (coordinate_affine 1 b m M 0 Nat.lt_0_1) as A.
  assert (E : forall x, cube 1 x ->
    M - coordinate_fn b m M 0 x = (M - m) * Rabs (x 0%nat - b 0%nat)).
  { intros x Cx; specialize (Cx 0%nat Nat.lt_0_1); unfold coordinate_fn, flip.
    destruct (K 0%nat Nat.lt_0_1) as [-> | ->]; destruct Req_EM_T; try lra;
      unfold Rabs; destruct Rcase_abs; nra. }
  split; [exact A | split; [|exact E]].
  pose proof (affine_triple 1 b m M 0 0 K H Nat.lt_0_1 Nat.lt_0_1) as [_ Ca Cb _ SU _ SB St MU _].
  assert (F : forall z, mix (1 / 2) (coordinate_fn b m M 0) (flip_mean 1 b m M) z
    = coordinate_fn b m M 0 z)
    by (intros z; unfold mix, coordinate_fn, flip_mean, mean; simpl; field).
  assert (Ex : ext 1 (mix (1 / 2) (coordinate_fn b m M 0) (flip_mean 1 b m M))) by (apply MU; lra).
  pose proof (mix_lemma 1 _ b m M _ _ (1 / 2) ltac:(lra) Ca Cb Ex SU SB St)
    as (B & Hm & HM & X & Y).
  split; [|split; [|split; [|split; assumption]]]; intros z Cz; rewrite <- F; auto.
Qed.

Theorem affine_1d_exact_maximum :
  forall b m M x,
  corner 1 b -> m < M -> cube 1 x -> ~ peq 1 x b ->
  undecidable_at Maximum exact (affine 1) 1 (shown 1 (opposite b) b m M) x.
Proof.
  intros b m M x K H Cx N; destruct (line_member b m M K H) as (A & Rf & E).
  apply (shrink_no _ _ _ _ x (fun g c lam G _ => affine_shrunk 1 g c lam G) A Rf); simpl.
  specialize (E x Cx); assert (0 < Rabs (x 0%nat - b 0%nat)); [|nra].
  apply Rabs_pos_lt; intros Z; apply N; intros i Hi; replace i with 0%nat by lia; lra.
Qed.

(** Within eps of b the maximum itself is the answer. *)
Lemma line_near_maximum f V b eps x :
  affine 1 f -> represents 1 V f -> cube 1 b -> argmax V b -> cube 1 x ->
  Rabs (x 0%nat - b 0%nat) <= eps -> correct (approx eps) V (f x) (vmax V).
Proof.
  intros A Rf Cb Ab Cx H; destruct (line_about_mid f V A Rf) as (w & Hr & F); simpl.
  pose proof Rf as (B & _ & HM & _); pose proof (B x Cx).
  rewrite <- (proj1 (HM b Cb) Ab), (F b Cb), (F x Cx), Hr.
  replace (mid V + w * (b 0%nat - 1 / 2) - (mid V + w * (x 0%nat - 1 / 2)))
    with (w * (b 0%nat - x 0%nat)) by ring.
  rewrite Rabs_mult, Rabs_minus_sym; pose proof (Rabs_pos w); nra.
Qed.

Theorem affine_1d_approx_maximum :
  forall b m M eps,
  corner 1 b -> m < M -> 0 < eps < 1 / 2 ->
  forall x, cube 1 x ->
  (Rabs (x 0%nat - b 0%nat) > eps ->
     undecidable_at Maximum (approx eps) (affine 1) 1 (shown 1 (opposite b) b m M) x) /\
  (Rabs (x 0%nat - b 0%nat) <= eps ->
     forall f V, affine 1 f -> represents 1 V f ->
     alike Maximum 1 (shown 1 (opposite b) b m M) V -> correct (approx eps) V (f x) M).
Proof.
  intros b m M eps K H He x Cx; pose proof (corner_cube 1 b K) as Cb; split; intros Hx.
  - destruct (line_member b m M K H) as (A & Rf & E).
    apply (shrink_no _ _ _ _ x (fun g c lam G _ => affine_shrunk 1 g c lam G) A Rf); [lra|].
    specialize (E x Cx); unfold range; simpl in *; nra.
  - intros f V A Rf (S & Q); simpl in S, Q; rewrite Q.
    apply line_near_maximum with b; auto; apply S; [exact Cb | apply peq_refl].
Qed.

Definition line_argmax_side (b x : point) : half :=
  if Rle_dec (Rabs (x 0%nat - b 0%nat)) (1 / 2) then Upper else Lower.

Definition line_images_side (s : point * point) (x : point) : half :=
  let '(a, b) := s in
  if Rle_dec (Rabs (x 0%nat - a 0%nat)) (Rabs (x 0%nat - b 0%nat)) then Lower else Upper.

(** What any line shows at its extremes, and at points that fall short of them by tau. *)
Lemma line_short tau f V w a :
  0 <= tau < 1 / 2 -> range V = Rabs w ->
  (forall x, cube 1 x -> f x = mid V + w * (x 0%nat - 1 / 2)) ->
  cube 1 a ->
  (f a <= vmin V + tau * range V -> (w <= 0 \/ a 0%nat < 1 / 2) /\ (0 <= w \/ 1 / 2 < a 0%nat)) /\
  (vmax V - tau * range V <= f a -> (w <= 0 \/ 1 / 2 < a 0%nat) /\ (0 <= w \/ a 0%nat < 1 / 2)).
Proof.
  intros Ht Hr F Ca; rewrite (F a Ca); unfold mid; unfold range in *.
  assert (E : vmax V = vmin V + Rabs w) by lra; rewrite E; unfold Rabs; destruct Rcase_abs;
    destruct (Req_dec w 0); split; intros Q; split;
    first [left; lra | right; apply Rnot_le_lt; intros P; nra].
Qed.

Theorem affine_1d_side_images_short :
  forall tau f V a b x,
  0 <= tau < 1 / 2 -> affine 1 f -> represents 1 V f -> cube 1 a -> cube 1 b -> cube 1 x ->
  f a <= vmin V + tau * range V -> vmax V - tau * range V <= f b ->
  correct side V (f x)
    (nearer_half 0 1 (if Rlt_dec (a 0%nat) (b 0%nat) then x 0%nat else 1 - x 0%nat)).
Proof.
  intros tau f V a b x Ht A Rf Ca Cb Cx Sa Sb.
  destruct (line_about_mid f V A Rf) as (w & Hr & F).
  apply (line_short tau f V w a Ht Hr F Ca) in Sa; apply (line_short tau f V w b Ht Hr F Cb) in Sb.
  unfold nearer_half; rewrite (F x Cx).
  destruct Rlt_dec, Rle_dec; simpl; destruct Sa as ([] & []), Sb as ([] & []); nra.
Qed.

Theorem affine_1d_side_argmax_short :
  forall tau f V b x,
  0 <= tau < 1 / 2 -> affine 1 f -> represents 1 V f -> cube 1 b -> cube 1 x ->
  vmax V - tau * range V <= f b ->
  correct side V (f x)
    (nearer_half 0 1 (if Rlt_dec (1 / 2) (b 0%nat) then x 0%nat else 1 - x 0%nat)).
Proof.
  intros tau f V b x Ht A Rf Cb Cx Sb.
  destruct (line_about_mid f V A Rf) as (w & Hr & F).
  apply (line_short tau f V w b Ht Hr F Cb) in Sb.
  unfold nearer_half; rewrite (F x Cx).
  destruct Rlt_dec, Rle_dec; simpl; destruct Sb as ([] & []); nra.
Qed.

(** At the extremes themselves: the ends of [0, 1]. *)
Lemma line_ends f V w a :
  represents 1 V f -> range V = Rabs w ->
  (forall x, cube 1 x -> f x = mid V + w * (x 0%nat - 1 / 2)) ->
  cube 1 a ->
  (argmin V a -> w = 0 \/ (0 < w /\ a 0%nat = 0) \/ (w < 0 /\ a 0%nat = 1)) /\
  (argmax V a -> w = 0 \/ (0 < w /\ a 0%nat = 1) \/ (w < 0 /\ a 0%nat = 0)).
Proof.
  intros (_ & Hm & HM & _) Hr F Ca; pose proof (Ca 0%nat Nat.lt_0_1).
  rewrite (Hm a Ca), (HM a Ca), (F a Ca); unfold mid; unfold range in Hr.
  revert Hr; unfold Rabs; destruct Rcase_abs; intros Hr; destruct (Req_dec w 0); auto;
    split; intros Q; right; [right | right | left | left]; split; nra.
Qed.

Theorem affine_1d_side_argmax : decodes_at Argmax side (affine 1) 1 line_argmax_side.
Proof.
  intros f V b x A Rf (Cb & Ab) Cx; destruct (line_about_mid f V A Rf) as (w & Hr & F).
  pose proof (Cx 0%nat Nat.lt_0_1) as Qx; unfold line_argmax_side; rewrite (F x Cx).
  apply (line_ends f V w b Rf Hr F Cb) in Ab; unfold Rabs; destruct Rcase_abs, Rle_dec; simpl;
    destruct Ab as [-> | [(? & Z) | (? & Z)]]; rewrite ?Z in *; nra.
Qed.

Theorem affine_1d_side_images : decodes_at Images side (affine 1) 1 line_images_side.
Proof.
  intros f V (a, b) x A Rf ((Ca & Aa) & (Cb & Ab)) Cx;
    destruct (line_about_mid f V A Rf) as (w & Hr & F).
  pose proof (Cx 0%nat Nat.lt_0_1) as Qx; unfold line_images_side; rewrite (F x Cx).
  apply (line_ends f V w a Rf Hr F Ca) in Aa; apply (line_ends f V w b Rf Hr F Cb) in Ab.
  unfold Rabs; repeat destruct Rcase_abs; destruct Rle_dec; simpl;
    destruct Aa as [-> | [(? & Z) | (? & Z)]], Ab as [? | [(? & Z') | (? & Z')]];
    rewrite ?Z, ?Z' in *; nra.
Qed.

Theorem affine_1d_side_maximum :
  decodes_at Maximum side (affine 1) 1 (fun s => line_argmax_side (fst s)).
Proof.
  apply (decodes_finer Maximum Argmax _ _ _ fst); [|exact affine_1d_side_argmax].
  intros V (b, M) (H & _); exact H.
Qed.

Theorem affine_1d_exact_images :
  forall f V x, affine 1 f -> represents 1 V f -> undecidable_at Images exact (affine 1) 1 V x.
Proof.
  intros f V x A Rf; apply (shift_no Images (affine 1) 1 V f x); simpl; auto using affine_shifted.
Qed.

Theorem affine_1d_approx_images :
  forall eps f V x, 0 <= eps -> affine 1 f -> represents 1 V f ->
  undecidable_at Images (approx eps) (affine 1) 1 V x.
Proof.
  intros eps f V x He A Rf; apply (shift_no Images (affine 1) 1 V f x); simpl;
    auto using affine_shifted.
Qed.

Theorem affine_1d_exact_argmax :
  forall f V x, affine 1 f -> represents 1 V f -> undecidable_at Argmax exact (affine 1) 1 V x.
Proof. intros f V x A Rf; apply coarser with Images; simpl; eauto using affine_1d_exact_images. Qed.

Theorem affine_1d_approx_argmax :
  forall eps f V x, 0 <= eps -> affine 1 f -> represents 1 V f ->
  undecidable_at Argmax (approx eps) (affine 1) 1 V x.
Proof. intros; apply coarser with Images; simpl; eauto using affine_1d_approx_images. Qed.

(** ** constant *)

Lemma constant_shifted d f c : constant d f -> constant d (shifted c f).
Proof. intros (e & H); exists (e + c); intros z Cz; unfold shifted; rewrite (H z Cz); ring. Qed.

(** Either half is right, whatever is shown. *)
Lemma constant_side_any d f V x h :
  constant d f -> represents d V f -> cube d x -> correct side V (f x) h.
Proof.
  intros (c & H) (_ & Hm & HM & (a & Ca & Aa) & (b & Cb & Ab)) Cx; unfold correct, mid.
  apply (Hm a Ca) in Aa; apply (HM b Cb) in Ab; rewrite (H a Ca) in Aa; rewrite (H b Cb) in Ab.
  rewrite (H x Cx), <- Aa, <- Ab; destruct h; lra.
Qed.

Theorem constant_exact_maximum :
  forall d, (1 <= d)%nat -> decodes_at Maximum exact (constant d) d (fun s _ => snd s).
Proof.
  intros d _ f V (b, M) x (c & H) (_ & _ & HM & _) ((Cb & Ab) & ->) Cx; simpl.
  rewrite <- (proj1 (HM b Cb) Ab), (H b Cb), (H x Cx); reflexivity.
Qed.

Theorem constant_approx_maximum :
  forall d eps, (1 <= d)%nat -> 0 <= eps ->
  decodes_at Maximum (approx eps) (constant d) d (fun s _ => snd s).
Proof. intros d eps Hd He; apply exact_approx_at; auto using constant_exact_maximum. Qed.

Theorem constant_side_maximum :
  forall d, (1 <= d)%nat -> decodes_at Maximum side (constant d) d (fun _ _ => Lower).
Proof. intros d _ f V s x Cf Rf _ Cx; exact (constant_side_any d f V x Lower Cf Rf Cx). Qed.

Theorem constant_side_images :
  forall d, (1 <= d)%nat -> decodes_at Images side (constant d) d (fun _ _ => Lower).
Proof. intros d _ f V s x Cf Rf _ Cx; exact (constant_side_any d f V x Lower Cf Rf Cx). Qed.

Theorem constant_side_argmax :
  forall d, (1 <= d)%nat -> decodes_at Argmax side (constant d) d (fun _ _ => Lower).
Proof. intros d _ f V s x Cf Rf _ Cx; exact (constant_side_any d f V x Lower Cf Rf Cx). Qed.

Theorem constant_exact_images :
  forall d f V x, (1 <= d)%nat -> constant d f -> represents d V f ->
  undecidable_at Images exact (constant d) d V x.
Proof.
  intros d f V x _ A Rf; apply (shift_no Images (constant d) d V f x); simpl;
    auto using constant_shifted.
Qed.

Theorem constant_approx_images :
  forall d eps f V x, (1 <= d)%nat -> 0 <= eps -> constant d f -> represents d V f ->
  undecidable_at Images (approx eps) (constant d) d V x.
Proof.
  intros d eps f V x _ He A Rf; apply (shift_no Images (constant d) d V f x); simpl;
    auto using constant_shifted.
Qed.

Theorem constant_exact_argmax :
  forall d f V x, (1 <= d)%nat -> constant d f -> represents d V f ->
  undecidable_at Argmax exact (constant d) d V x.
Proof. intros; apply coarser with Images; simpl; eauto using constant_exact_images. Qed.

Theorem constant_approx_argmax :
  forall d eps f V x, (1 <= d)%nat -> 0 <= eps -> constant d f -> represents d V f ->
  undecidable_at Argmax (approx eps) (constant d) d V x.
Proof. intros; apply coarser with Images; simpl; eauto using constant_approx_images. Qed.
