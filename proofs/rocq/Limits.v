(** * Where the No cells end

    Each theorem here refutes a statement that is a small step away from one of the
    table: affine No at d = 1, monotone No at x = 0, No at eps = 1/2, a Lipschitz
    threshold of 3/4 in place of 1/2, the mix lemma without uniqueness. The files in
    [controls/] try to prove those statements with the scripts of the
    true ones, and must fail.

    Main results: [decodes_not_undecidable], [affine_needs_two_dimensions],
    [monotone_not_at_zero], [half_is_reached], [lipschitz_threshold_is_sharp],
    [mix_needs_uniqueness]. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Monotone Affine Line Metrics Lipschitz.
Open Scope R_scope.

(** A decoder that is right for the whole class leaves no fooling pair. *)
Theorem decodes_not_undecidable T (C : class) d D V x :
  decodes T C d D -> cube d x -> ~ undecidable T C d V x.
Proof.
  intros H Cx ((f & g & Cf & Cg & Rf & Rg & A) & _).
  pose proof Rf as (_ & _ & _ & (a & Ca & Aa) & (b & Cb & Ab)).
  exact (apart_no_answer T V (f x) (g x) (D a b (vmin V) (vmax V) x) A
           (H f V a b x Cf Rf Ca Aa Cb Ab Cx) (H g V a b x Cg Rg Ca Aa Cb Ab Cx)).
Qed.

Theorem affine_needs_two_dimensions V x :
  cube 1 x ->
  ~ undecidable exact (affine 1) 1 V x /\
  ~ undecidable side (affine 1) 1 V x /\
  forall eps, 0 <= eps -> ~ undecidable (approx eps) (affine 1) 1 V x.
Proof.
  intros Cx; split; [|split].
  - exact (decodes_not_undecidable exact _ _ _ V x affine_1d_exact Cx).
  - exact (decodes_not_undecidable side _ _ _ V x affine_1d_side Cx).
  - intros eps He; exact (decodes_not_undecidable _ _ _ _ V x (affine_1d_approx eps He) Cx).
Qed.

Theorem monotone_not_at_zero d m M :
  m < M -> ~ undecidable exact (monotone d) d (shown d zeros ones m M) zeros.
Proof.
  intros H; apply decidable_not_undecidable, decidable_shown; auto using cube_zeros, cube_ones.
  - discriminate.
  - left; apply peq_refl.
Qed.

Theorem half_is_reached (C : class) d V x :
  cube d x -> ~ undecidable (approx (1 / 2)) C d V x.
Proof. intros Cx; apply decidable_not_undecidable, midrange_decidable; [exact Cx | lra]. Qed.

(** d = 1, a = 0, b = 1, x = 1/2, m = 0, M = 1, L = 6/5. *)
Theorem lipschitz_threshold_is_sharp :
  ~ (forall a b m M L x,
       cube 1 a -> cube 1 b -> cube 1 x -> 0 < L -> m < M -> M - m <= L * l1 1 a b ->
       L * Rmin (l1 1 x a) (l1 1 x b) <= 3 / 4 * (M - m) ->
       decidable side (lipschitz (l1 1) L 1) 1 (shown 1 a b m M) x).
Proof.
  intros S.
  assert (E : forall s t, l1 1 (first_axis s) (first_axis t) = Rabs (s - t))
    by (intros; exact (first_axis_distance L1 1 s t (le_n 1))).
  assert (E01 : l1 1 (first_axis 0) (first_axis 1) = 1)
    by (rewrite E; unfold Rabs; destruct Rcase_abs; lra).
  assert (Ex0 : l1 1 (first_axis (1 / 2)) (first_axis 0) = 1 / 2)
    by (rewrite E; unfold Rabs; destruct Rcase_abs; lra).
  assert (Ex1 : l1 1 (first_axis (1 / 2)) (first_axis 1) = 1 / 2)
    by (rewrite E; unfold Rabs; destruct Rcase_abs; lra).
  assert (C : forall t, 0 <= t <= 1 -> cube 1 (first_axis t)) by (intros; apply first_axis_cube; assumption).
  specialize (S (first_axis 0) (first_axis 1) 0 1 (6 / 5) (first_axis (1 / 2))
                (C 0 ltac:(lra)) (C 1 ltac:(lra)) (C (1 / 2) ltac:(lra))).
  apply (lipschitz_side 1 (l1 1) (6 / 5) (first_axis 0) (first_axis 1) 0 1) in S;
    auto using l1_metric; rewrite ?E01, ?Ex0, ?Ex1 in *; try lra;
    try (apply C; lra); rewrite Rmin_left in * by lra; lra.
Qed.

(** With B = min(1, 2 z) also at M on [1/2, 1] the mix shows more than one maximiser. *)
Theorem mix_needs_uniqueness :
  exists d a b m M U B eta,
    0 < eta < 1 /\ cube d a /\ cube d b /\ ext d (mix eta U B) /\
    spans d a b m M U /\ spans d a b m M B /\
    ~ represents d (shown d a b m M) (mix eta U B).
Proof.
  set (B := fun z : point => Rmin 1 (2 * z 0%nat)).
  assert (S : spans 1 zeros ones 0 1 B).
  { split; [|split]; unfold B, zeros, ones.
    - intros z Cz; specialize (Cz 0%nat Nat.lt_0_1); unfold Rmin; destruct Rle_dec; lra.
    - rewrite Rmin_right; lra.
    - rewrite Rmin_left; lra. }
  exists 1%nat, zeros, ones, 0, 1, B, B, (1 / 2).
  split; [lra|]; split; [apply cube_zeros|]; split; [apply cube_ones|].
  split; [|split; [exact S | split; [exact S|]]].
  - intros y z _ E; unfold mix, B; rewrite (E 0%nat Nat.lt_0_1); reflexivity.
  - intros (_ & _ & H & _).
    assert (C : cube 1 (fun _ => 1 / 2)) by (intros i _; lra).
    assert (P : peq 1 ones (fun _ => 1 / 2)).
    { apply (H _ C); simpl; unfold mix, B; rewrite Rmin_left; lra. }
    specialize (P 0%nat Nat.lt_0_1); unfold ones in P; lra.
Qed.
