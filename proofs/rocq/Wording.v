(** * From the table's words to the thirty statements

    The catalogue of the table is written in words: "no decoder is right for both", "the largest
    and the smallest coordinate", "continuous", "L <= R / (2 min(|x - a|, |x - b|))". The thirty
    statements say the same in other terms, which suit the proofs. Each theorem here is
    one such step, so that nobody has to take it on trust.

    Main results: [pair_defeats] (the pair itself defeats every decoder), [shown_decidable]
    and [erm_data_decidable] (what is left out is known), [piecewise_affine_continuous],
    [affine_law] (the law and the formula of affine functions), [spread] (largest and
    smallest instead of i and j), [gauge_is_maximum], [lipschitz_ordered],
    [lipschitz_threshold]. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Networks PiecewiseAffine Erm Convex Affine Metrics
  Lipschitz.
Import ListNotations.
Open Scope R_scope.

(** ** Decoders *)

(** [undecidable] says that each decoder is wrong on some member. It is wrong on one of the two
    members that are apart. *)
Theorem pair_defeats T (C : class) d V x :
  undecidable T C d V x ->
  exists f g, C f /\ C g /\ represents d V f /\ represents d V g /\ apart T V (f x) (g x) /\
    forall D : decoder T, ~ (correct T V (f x) (D V x) /\ correct T V (g x) (D V x)).
Proof.
  intros ((f & g & Cf & Cg & Rf & Rg & A) & _); exists f, g; repeat (split; [assumption|]).
  intros D (Hf & Hg); exact (apart_no_answer T V _ _ _ A Hf Hg).
Qed.

(** ** The queries that are left out *)

Theorem shown_decidable T (C : class) d a b m M x :
  (forall eps, T = approx eps -> 0 <= eps) -> m < M -> cube d a -> cube d b ->
  peq d x a \/ peq d x b -> decidable T C d (shown d a b m M) x.
Proof.
  intros He H Ca Cb P; apply decidable_shown; auto.
  destruct P; [left | right]; apply peq_sym; assumption.
Qed.

Theorem erm_data_decidable T d data V s y x :
  (forall eps, T = approx eps -> 0 <= eps) -> vmin V <= vmax V ->
  In (s, y) data -> cube d x -> peq d x s -> decidable T (erm d data) d V x.
Proof.
  intros He H I Cx P; apply exact_decidable with y; auto.
  intros f ((E & _) & F & _) _; rewrite (E x s Cx P); exact (F s y I).
Qed.

(** ** Piecewise affine functions are continuous *)

Definition continuous (d : nat) (f : fn) : Prop :=
  forall z, cube d z -> forall eps, 0 < eps ->
  exists delta, 0 < delta /\
    forall y, cube d y -> (forall i, (i < d)%nat -> Rabs (y i - z i) < delta) ->
    Rabs (f y - f z) < eps.

Lemma sum_close d w z eps :
  0 < eps -> exists delta, 0 < delta /\
    forall y, (forall i, (i < d)%nat -> Rabs (y i - z i) < delta) ->
    Rabs (sumn d (fun i => w i * y i) - sumn d (fun i => w i * z i)) < eps.
Proof.
  revert eps; induction d as [|d IH]; intros eps He.
  - exists 1; split; [lra|]; intros y _; simpl; rewrite Rminus_0_r, Rabs_R0; exact He.
  - destruct (IH (eps / 2)) as (e & Pe & H); [lra|].
    pose proof (Rabs_pos (w d)) as Pw.
    set (k := Rabs (w d) + 1).
    assert (Pk : 0 < k) by (unfold k; lra).
    exists (Rmin e (eps / 2 / k)); split.
    + apply Rmin_glb_lt; [exact Pe|]; apply Rdiv_lt_0_compat; lra.
    + intros y Hy; simpl.
      assert (A : Rabs (sumn d (fun i => w i * y i) - sumn d (fun i => w i * z i)) < eps / 2).
      { apply H; intros i Hi; eapply Rlt_le_trans; [apply Hy; lia | apply Rmin_l]. }
      assert (B : Rabs (y d - z d) < eps / 2 / k)
        by (eapply Rlt_le_trans; [apply Hy; lia | apply Rmin_r]).
      assert (E : eps / 2 / k * k = eps / 2) by (field; lra).
      pose proof (Rabs_pos (y d - z d)).
      assert (D : Rabs (w d) * Rabs (y d - z d) <= eps / 2) by (unfold k in *; nra).
      match goal with |- Rabs ?t < _ =>
        replace t with ((sumn d (fun i => w i * y i) - sumn d (fun i => w i * z i)) +
                        w d * (y d - z d)) by ring end.
      eapply Rle_lt_trans; [apply Rabs_triang|]; rewrite Rabs_mult; lra.
Qed.

Lemma value_close d l z eps :
  0 < eps -> exists delta, 0 < delta /\
    forall y, (forall i, (i < d)%nat -> Rabs (y i - z i) < delta) ->
    Rabs (value d l y - value d l z) < eps.
Proof.
  intros He; destruct (sum_close d (fst l) z eps He) as (e & Pe & H); exists e; split; [exact Pe|].
  intros y Hy; unfold value; specialize (H y Hy).
  match goal with |- Rabs ?t < _ => match type of H with Rabs ?u < _ => replace t with u by ring end end.
  exact H.
Qed.

(** A closed polyhedron that does not contain z has no point near z. *)
Lemma inside_closed d P z :
  inside d P z \/ exists delta, 0 < delta /\
    forall y, (forall i, (i < d)%nat -> Rabs (y i - z i) < delta) -> ~ inside d P y.
Proof.
  induction P as [|l P [I | (e & Pe & H)]].
  - left; constructor.
  - destruct (Rle_dec 0 (value d l z)) as [le | gt]; [left; constructor; assumption | right].
    destruct (value_close d l z (- value d l z)) as (e & Pe & H); [lra|].
    exists e; split; [exact Pe|]; intros y Hy Iy; inversion_clear Iy as [|? ? Py _].
    specialize (H y Hy); revert H; unfold Rabs; destruct Rcase_abs; lra.
  - right; exists e; split; [exact Pe|]; intros y Hy Iy; inversion_clear Iy.
    exact (H y Hy ltac:(assumption)).
Qed.

Theorem piecewise_affine_continuous d f : piecewise_affine d f -> continuous d f.
Proof.
  intros (_ & ps & Cov & Val) z Cz eps He.
  assert (N : forall qs, incl qs ps -> exists delta, 0 < delta /\
    forall y p, cube d y -> (forall i, (i < d)%nat -> Rabs (y i - z i) < delta) ->
      In p qs -> inside d (fst p) y -> Rabs (f y - f z) < eps).
  { induction qs as [|p qs IH]; intros S.
    - exists 1; split; [lra|]; intros y p _ _ [].
    - destruct IH as (e & Pe & H); [intros q Hq; apply S; right; exact Hq|].
      assert (Ip : In p ps) by (apply S; left; reflexivity).
      destruct (inside_closed d (fst p) z) as [Iz | (e' & Pe' & H')].
      + destruct (value_close d (snd p) z eps He) as (e' & Pe' & H').
        exists (Rmin e e'); split; [apply Rmin_glb_lt; assumption|].
        intros y q Cy Hy [<- | Iq] Iy.
        * rewrite (Val y p Cy Ip Iy), (Val z p Cz Ip Iz); apply H'.
          intros i Hi; eapply Rlt_le_trans; [apply Hy, Hi | apply Rmin_r].
        * apply (H y q Cy); auto.
          intros i Hi; eapply Rlt_le_trans; [apply Hy, Hi | apply Rmin_l].
      + exists (Rmin e e'); split; [apply Rmin_glb_lt; assumption|].
        intros y q Cy Hy [<- | Iq] Iy.
        * exfalso; apply (H' y); [|exact Iy].
          intros i Hi; eapply Rlt_le_trans; [apply Hy, Hi | apply Rmin_r].
        * apply (H y q Cy); auto.
          intros i Hi; eapply Rlt_le_trans; [apply Hy, Hi | apply Rmin_l]. }
  destruct (N ps (incl_refl ps)) as (e & Pe & H); exists e; split; [exact Pe|].
  intros y Cy Hy; destruct (Cov y Cy) as (p & Ip & Iy); exact (H y p Cy Hy Ip Iy).
Qed.

(** ** Affine functions: the law and the formula *)

Definition first_coordinates (k : nat) (z : point) : point :=
  fun i => if Nat.ltb i k then z i else 0.

Definition unit_point (k : nat) : point := fun i => if Nat.eqb i k then 1 else 0.

Theorem affine_law d f :
  affine d f <->
  ext d f /\
  forall t y z, 0 <= t <= 1 -> cube d y -> cube d z ->
    f (blend t y z) = t * f y + (1 - t) * f z.
Proof.
  split.
  - intros (E & w & c & H); split; [exact E|]; intros t y z Ht Cy Cz.
    rewrite (H y Cy), (H z Cz), H by (apply blend_cube; assumption).
    rewrite (sumn_ext d _ (fun i => t * (w i * y i) + (1 - t) * (w i * z i)))
      by (intros; unfold blend; ring).
    rewrite sumn_plus, !sumn_scal; ring.
  - intros (E & Law); split; [exact E|].
    exists (fun i => f (unit_point i) - f zeros), (f zeros); intros z Cz.
    assert (Cf : forall k, cube d (first_coordinates k z)).
    { intros k i Hi; unfold first_coordinates; destruct Nat.ltb; [apply Cz, Hi | lra]. }
    assert (Cu : forall k, cube d (unit_point k)).
    { intros k i Hi; unfold unit_point; destruct Nat.eqb; lra. }
    assert (Step : forall k, (k <= d)%nat ->
      f (first_coordinates k z) =
      sumn k (fun i => (f (unit_point i) - f zeros) * z i) + f zeros).
    { induction k as [|k IH]; intros Hk.
      - simpl; rewrite Rplus_0_l; apply E; [apply Cf | intros i Hi; reflexivity].
      - specialize (IH ltac:(lia)).
        set (s := blend (z k) (unit_point k) zeros).
        assert (Hz : 0 <= z k <= 1) by (apply Cz; lia).
        assert (Cs : cube d s) by (apply blend_cube; auto using cube_zeros).
        assert (Fs : f s = z k * f (unit_point k) + (1 - z k) * f zeros)
          by (apply Law; auto using cube_zeros).
        assert (P : f (blend (1 / 2) (first_coordinates (S k) z) zeros)
                    = f (blend (1 / 2) (first_coordinates k z) s)).
        { apply E; [apply blend_cube; auto using cube_zeros; lra|].
          intros i Hi; unfold blend, s, blend, first_coordinates, unit_point, zeros.
          destruct (Nat.ltb_spec i (S k)), (Nat.ltb_spec i k), (Nat.eqb_spec i k); subst; try lia; lra. }
        rewrite !Law in P by (auto using cube_zeros; lra).
        simpl; lra. }
    rewrite <- (Step d (le_n d)); apply E; [exact Cz|].
    intros i Hi; unfold first_coordinates; destruct (Nat.ltb_spec i d); [reflexivity | lia].
Qed.

(** ** The largest and the smallest coordinate *)

Definition largest_of (d : nat) (u : nat -> R) (s : R) : Prop :=
  (exists i, (i < d)%nat /\ u i = s) /\ forall i, (i < d)%nat -> u i <= s.

Definition smallest_of (d : nat) (u : nat -> R) (s : R) : Prop :=
  (exists i, (i < d)%nat /\ u i = s) /\ forall i, (i < d)%nat -> s <= u i.

Theorem spread d u lo hi eps :
  smallest_of d u lo -> largest_of d u hi ->
  ((exists i j, (i < d)%nat /\ (j < d)%nat /\ u i <> u j) <-> lo < hi) /\
  ((exists i j, (i < d)%nat /\ (j < d)%nat /\ u i - u j > 2 * eps) <-> hi - lo > 2 * eps) /\
  ((exists i j, (i < d)%nat /\ (j < d)%nat /\ u j < 1 / 2 < u i) <-> lo < 1 / 2 < hi).
Proof.
  intros ((l & Hl & <-) & S) ((h & Hh & <-) & G); split; [|split]; split.
  - intros (i & j & Hi & Hj & N).
    pose proof (S i Hi); pose proof (S j Hj); pose proof (G i Hi); pose proof (G j Hj).
    destruct (Rtotal_order (u i) (u j)) as [? | [? | ?]]; [lra | contradiction | lra].
  - intros H; exists h, l; repeat split; auto; lra.
  - intros (i & j & Hi & Hj & N); specialize (S j Hj); specialize (G i Hi); lra.
  - intros H; exists h, l; repeat split; auto; lra.
  - intros (i & j & Hi & Hj & N); specialize (S j Hj); specialize (G i Hi); lra.
  - intros H; exists h, l; repeat split; auto; lra.
Qed.

(** ** The gauge is the catalogue's maximum *)

Lemma gauge1_part a x :
  0 <= a <= 1 -> 0 <= x <= 1 ->
  0 <= gauge1 a x /\
  (a < 1 /\ gauge1 a x = (x - a) / (1 - a) \/ 0 < a /\ gauge1 a x = (a - x) / a) /\
  (a < 1 -> (x - a) / (1 - a) <= gauge1 a x) /\ (0 < a -> (a - x) / a <= gauge1 a x).
Proof.
  intros Ha Hx; unfold gauge1; destruct (Rle_dec a x) as [le | gt].
  - destruct (Req_dec a 1) as [-> | n].
    + replace x with 1 by lra; unfold Rdiv; rewrite Rminus_diag_eq by reflexivity; lra.
    + assert (P : 0 <= (x - a) / (1 - a)) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
      split; [exact P | split; [left; split; lra | split; [lra|]]].
      intros Q; apply Rle_trans with 0; [|exact P].
      assert (0 < / a) by (apply Rinv_0_lt_compat; lra); unfold Rdiv; nra.
  - assert (0 < / a) by (apply Rinv_0_lt_compat; lra).
    assert (P : 0 <= (a - x) / a) by (unfold Rdiv; nra).
    split; [exact P | split; [right; split; lra | split; [|lra]]].
    intros Q; apply Rle_trans with 0; [|exact P].
    assert (0 < / (1 - a)) by (apply Rinv_0_lt_compat; lra); unfold Rdiv; nra.
Qed.

Theorem gauge_is_maximum d a x :
  (1 <= d)%nat -> cube d a -> cube d x ->
  (exists i, (i < d)%nat /\
     (a i < 1 /\ gauge d a x = (x i - a i) / (1 - a i) \/
      0 < a i /\ gauge d a x = (a i - x i) / a i)) /\
  forall i, (i < d)%nat ->
    (a i < 1 -> (x i - a i) / (1 - a i) <= gauge d a x) /\
    (0 < a i -> (a i - x i) / a i <= gauge d a x).
Proof.
  induction d as [|d IH]; intros Hd Ca Cx; [lia|]; simpl.
  destruct (gauge1_part (a d) (x d)) as (P & A & B & B'); [apply Ca; lia | apply Cx; lia|].
  destruct (Nat.eq_dec d 0) as [-> | n].
  - simpl; rewrite Rmax_right by exact P; split; [exists 0%nat; split; [lia | exact A]|].
    intros i Hi; replace i with 0%nat by lia; split; assumption.
  - destruct IH as ((k & Hk & E) & All);
      [lia | intros i Hi; apply Ca; lia | intros i Hi; apply Cx; lia|].
    split.
    + destruct (Rle_dec (gauge d a x) (gauge1 (a d) (x d))) as [le | gt].
      * rewrite Rmax_right by exact le; exists d; split; [lia | exact A].
      * rewrite Rmax_left by lra; exists k; split; [lia | exact E].
    + intros i Hi; pose proof (Rmax_l (gauge d a x) (gauge1 (a d) (x d))) as Ml.
      pose proof (Rmax_r (gauge d a x) (gauge1 (a d) (x d))) as Mr.
      destruct (Nat.eq_dec i d) as [-> | ni].
      * split; intros Q; [specialize (B Q) | specialize (B' Q)]; lra.
      * destruct (All i ltac:(lia)) as (C & C').
        split; intros Q; [specialize (C Q) | specialize (C' Q)]; lra.
Qed.

(** ** Lipschitz functions: the envelope's order, and the threshold as a bound on L *)

Theorem lipschitz_ordered d dist L a b m M x :
  metric d dist -> 0 < L -> cube d a -> cube d b -> cube d x -> m < M ->
  M - m <= L * dist a b -> lower dist L b m M x <= upper dist L a m M x.
Proof.
  intros Me HL Ca Cb Cx H F; unfold lower, upper.
  assert (T : dist a b <= dist a x + dist x b) by (apply (metric_triangle d dist Me); assumption).
  rewrite (metric_sym d dist Me a x Ca Cx) in T.
  assert (Pa : 0 <= dist x a).
  { assert (Z : dist x x <= dist x a + dist a x) by (apply (metric_triangle d dist Me); assumption).
    rewrite (proj2 (metric_zero d dist Me x x Cx Cx) (peq_refl d x)) in Z.
    rewrite (metric_sym d dist Me a x Ca Cx) in Z; lra. }
  assert (Pb : 0 <= dist x b).
  { assert (Z : dist x x <= dist x b + dist b x) by (apply (metric_triangle d dist Me); assumption).
    rewrite (proj2 (metric_zero d dist Me x x Cx Cx) (peq_refl d x)) in Z.
    rewrite (metric_sym d dist Me b x Cb Cx) in Z; lra. }
  apply Rmax_lub; apply Rmin_glb; nra.
Qed.

Theorem lipschitz_threshold d dist L a b m M x :
  metric d dist -> 0 < L -> cube d a -> cube d b -> cube d x -> m < M ->
  (peq d x a \/ peq d x b -> L * Rmin (dist x a) (dist x b) <= (M - m) / 2) /\
  (~ peq d x a -> ~ peq d x b ->
   0 < Rmin (dist x a) (dist x b) /\
   (L * Rmin (dist x a) (dist x b) <= (M - m) / 2 <->
    L <= (M - m) / (2 * Rmin (dist x a) (dist x b)))).
Proof.
  intros Me HL Ca Cb Cx H; split.
  - intros P; assert (Z : Rmin (dist x a) (dist x b) <= 0).
    { destruct P as [P | P].
      - pose proof (Rmin_l (dist x a) (dist x b)).
        pose proof (proj2 (metric_zero d dist Me x a Cx Ca) P); lra.
      - pose proof (Rmin_r (dist x a) (dist x b)).
        pose proof (proj2 (metric_zero d dist Me x b Cx Cb) P); lra. }
    nra.
  - intros Na Nb; assert (P : 0 < Rmin (dist x a) (dist x b))
      by (apply Rmin_glb_lt; apply (metric_pos d); assumption).
    set (r := Rmin (dist x a) (dist x b)) in *; split; [exact P|].
    assert (E : (M - m) / (2 * r) * r = (M - m) / 2) by (field; lra).
    split; intros Q.
    + apply (Rmult_le_reg_r r); [exact P|]; rewrite E; exact Q.
    + rewrite <- E; apply Rmult_le_compat_r; lra.
Qed.
