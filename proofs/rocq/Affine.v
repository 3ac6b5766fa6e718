(** * Row affine, d >= 2

    Definitions: the class [affine d]; [flip b z], the point z seen from the
    minimiser: coordinate i is z_i where b_i = 1 and 1 - z_i where b_i = 0, so the
    minimiser 1 - b becomes 0 and the maximiser b becomes 1; the triple
    [coordinate_fn] (twice), [flip_mean].

    An affine function with a unique minimiser and a unique maximiser has them at
    opposite corners ([affine_extremes]) and is m + (M - m) * (a weighted mean of the
    flipped coordinates), so f(x) lies between the smallest and the largest of them
    ([affine_envelope]), and comes as close to both as we like.

    Main results: [affine_exact], [affine_approx], [affine_side] (each:
    undecidable where two flipped coordinates differ enough, such x exist for
    every visualization, decidable everywhere else); [affine_fibre] (the envelope is
    sharp).

    Reference for the table: Geirhos et al., ICML 2024. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples.
Open Scope R_scope.

Definition affine (d : nat) (f : fn) : Prop :=
  ext d f /\
  exists (w : nat -> R) (c : R),
    forall z, cube d z -> f z = sumn d (fun i => w i * z i) + c.

Definition flip (b z : point) : point :=
  fun i => if Req_EM_T (b i) 1 then z i else 1 - z i.

(** ** Flipping *)

Lemma flip_involutive b z i : flip b (flip b z) i = z i.
Proof. unfold flip; destruct Req_EM_T; ring. Qed.

Lemma flip_cube d b z : cube d z -> cube d (flip b z).
Proof. intros C i Hi; specialize (C i Hi); unfold flip; destruct Req_EM_T; lra. Qed.

Lemma flip_ext d b y z : peq d y z -> peq d (flip b y) (flip b z).
Proof. intros E i Hi; unfold flip; rewrite (E i Hi); reflexivity. Qed.

Lemma flip_max d b : corner d b -> peq d (flip b b) ones.
Proof. intros K i Hi; unfold flip, ones; destruct Req_EM_T, (K i Hi); lra. Qed.

Lemma flip_min d b : corner d b -> peq d (flip b (opposite b)) zeros.
Proof. intros K i Hi; unfold flip, opposite, zeros; destruct Req_EM_T, (K i Hi); lra. Qed.

Lemma flip_affine b z i :
  flip b z i = (if Req_EM_T (b i) 1 then 1 else -1) * z i + (if Req_EM_T (b i) 1 then 0 else 1).
Proof. unfold flip; destruct Req_EM_T; ring. Qed.

Lemma flip_peq d b y z : peq d (flip b y) (flip b z) -> peq d y z.
Proof.
  intros E i Hi; rewrite <- (flip_involutive b y), <- (flip_involutive b z).
  apply flip_ext with d; auto.
Qed.

(** ** Extremes lie at opposite corners *)

(** Moving one coordinate changes an affine function by its weight. *)
Lemma affine_move d f w c z k t :
  (forall y, cube d y -> f y = sumn d (fun i => w i * y i) + c) ->
  (k < d)%nat -> cube d z -> 0 <= t <= 1 ->
  f (update z k t) = f z + w k * (t - z k).
Proof.
  intros H Hk Cz Ht; rewrite (H _ (update_cube d z k t Cz Ht)), (H z Cz), sumn_update by exact Hk.
  ring.
Qed.

Theorem affine_extremes d a b m M f :
  affine d f -> cube d a -> cube d b -> represents d (shown d a b m M) f ->
  corner d b /\ peq d a (opposite b).
Proof.
  intros (_ & w & c & H) Ca Cb Rf; pose proof Rf as (B & Hm & HM & _); simpl in *.
  pose proof (represents_a d a b m M f Ca Rf a (peq_refl d a)) as Fa.
  pose proof (represents_b d a b m M f Cb Rf b (peq_refl d b)) as Fb.
  assert (K : forall k, (k < d)%nat -> (b k = 0 \/ b k = 1) /\ a k = 1 - b k).
  { intros k Hk.
    assert (Ub : forall t, 0 <= t <= 1 -> t <> b k -> w k * (t - b k) < 0).
    { intros t Ht Hn; pose proof (affine_move d f w c b k t H Hk Cb Ht) as E.
      pose proof (update_cube d b k t Cb Ht) as Cu; pose proof (B _ Cu).
      destruct (Req_dec (w k * (t - b k)) 0); [exfalso | lra].
      assert (P : peq d b (update b k t)) by (apply HM; [exact Cu | lra]).
      specialize (P k Hk); rewrite update_same in P; congruence. }
    assert (Ua : forall t, 0 <= t <= 1 -> t <> a k -> w k * (t - a k) > 0).
    { intros t Ht Hn; pose proof (affine_move d f w c a k t H Hk Ca Ht) as E.
      pose proof (update_cube d a k t Ca Ht) as Cu; pose proof (B _ Cu).
      destruct (Req_dec (w k * (t - a k)) 0); [exfalso | lra].
      assert (P : peq d a (update a k t)) by (apply Hm; [exact Cu | lra]).
      specialize (P k Hk); rewrite update_same in P; congruence. }
    pose proof (Ca k Hk); pose proof (Cb k Hk).
    assert (Lb : b k = 0 \/ b k <> 0) by apply Req_dec.
    assert (Rb : b k = 1 \/ b k <> 1) by apply Req_dec.
    assert (La : a k = 0 \/ a k <> 0) by apply Req_dec.
    assert (Ra : a k = 1 \/ a k <> 1) by apply Req_dec.
    pose proof (Ub 0 ltac:(lra)); pose proof (Ub 1 ltac:(lra)).
    pose proof (Ua 0 ltac:(lra)); pose proof (Ua 1 ltac:(lra)).
    destruct Lb as [Lb | Lb], Rb as [Rb | Rb]; try lra.
    - assert (w k * (1 - b k) < 0) by auto.
      destruct Ra as [Ra | Ra]; [lra|].
      assert (w k * (1 - a k) > 0) by auto; nra.
    - assert (w k * (0 - b k) < 0) by auto.
      destruct La as [La | La]; [lra|].
      assert (w k * (0 - a k) > 0) by auto; nra.
    - assert (w k * (0 - b k) < 0) by auto; assert (w k * (1 - b k) < 0) by auto; nra. }
  split; intros k Hk; apply K, Hk.
Qed.

(** ** The triple *)

Definition coordinate_fn (b : point) (m M : R) (k : nat) : fn :=
  fun z => m + (M - m) * flip b z k.

Definition flip_mean (d : nat) (b : point) (m M : R) : fn :=
  fun z => m + (M - m) * mean d (flip b z).

Lemma affine_of d f (w : nat -> R) c :
  (forall z, f z = sumn d (fun i => w i * z i) + c) -> affine d f.
Proof.
  intros H; split; [|exists w, c; auto].
  intros y z _ E; rewrite !H; f_equal; apply sumn_ext; intros i Hi; rewrite (E i Hi); reflexivity.
Qed.

Lemma affine_mix d : closed_under_mixing (affine d).
Proof.
  intros eta f g He (Ef & w & c & Hf) (Eg & v & e & Hg); split.
  - intros y z Cy E; unfold mix; rewrite (Ef y z Cy E), (Eg y z Cy E); reflexivity.
  - exists (fun i => (1 - eta) * w i + eta * v i), ((1 - eta) * c + eta * e); intros z Cz.
    unfold mix; rewrite (Hf z Cz), (Hg z Cz).
    rewrite (sumn_ext d (fun i => ((1 - eta) * w i + eta * v i) * z i)
               (fun i => (1 - eta) * (w i * z i) + eta * (v i * z i))) by (intros; ring).
    rewrite sumn_plus, !sumn_scal; ring.
Qed.

Lemma coordinate_affine d b m M k : (k < d)%nat -> affine d (coordinate_fn b m M k).
Proof.
  intros Hk.
  apply affine_of with
    (w := fun i => if Nat.eqb i k then (M - m) * (if Req_EM_T (b k) 1 then 1 else -1) else 0)
    (c := m + (M - m) * (if Req_EM_T (b k) 1 then 0 else 1)).
  intros z; unfold coordinate_fn; rewrite flip_affine, (sumn_single d k).
  - rewrite Nat.eqb_refl; ring.
  - exact Hk.
  - intros i _ n; destruct (Nat.eqb_spec i k); [contradiction | ring].
Qed.

Lemma flip_mean_affine d b m M : affine d (flip_mean d b m M).
Proof.
  apply affine_of with
    (w := fun i => (M - m) * / INR d * (if Req_EM_T (b i) 1 then 1 else -1))
    (c := m + (M - m) * / INR d * sumn d (fun i => if Req_EM_T (b i) 1 then 0 else 1)).
  intros z; unfold flip_mean, mean.
  rewrite (sumn_ext d (flip b z) (fun i =>
      (if Req_EM_T (b i) 1 then 1 else -1) * z i + (if Req_EM_T (b i) 1 then 0 else 1)))
    by (intros; apply flip_affine).
  rewrite (sumn_ext d (fun i => (M - m) * / INR d * (if Req_EM_T (b i) 1 then 1 else -1) * z i)
      (fun i => ((M - m) * / INR d) * ((if Req_EM_T (b i) 1 then 1 else -1) * z i)))
    by (intros; ring).
  rewrite sumn_plus, sumn_scal; unfold Rdiv; ring.
Qed.

Lemma affine_triple d b m M i j :
  corner d b -> m < M -> (i < d)%nat -> (j < d)%nat ->
  triple (affine d) d (opposite b) b m M
    (coordinate_fn b m M i) (coordinate_fn b m M j) (flip_mean d b m M).
Proof.
  intros K H Hi Hj; assert (Hd : (1 <= d)%nat) by lia.
  pose proof (corner_cube d b K) as Cb; pose proof (opposite_cube d b Cb) as Ca.
  assert (SC : forall k, (k < d)%nat -> spans d (opposite b) b m M (coordinate_fn b m M k)).
  { intros k Hk; split; [|split]; unfold coordinate_fn.
    - intros z Cz; pose proof (flip_cube d b z Cz k Hk); nra.
    - rewrite (flip_min d b K k Hk); unfold zeros; ring.
    - rewrite (flip_max d b K k Hk); unfold ones; ring. }
  constructor; auto.
  - intros f (E & _); exact E.
  - split; [|split]; unfold flip_mean.
    + intros z Cz; pose proof (mean_range d (flip b z) Hd (flip_cube d b z Cz)); nra.
    + rewrite (mean_ext d _ _ (flip_min d b K)); unfold zeros; rewrite mean_const by exact Hd; ring.
    + rewrite (mean_ext d _ _ (flip_max d b K)); unfold ones; rewrite mean_const by exact Hd; ring.
  - unfold flip_mean; split; intros z Cz E; apply flip_peq with b; intros k Hk.
    + rewrite (flip_min d b K k Hk).
      apply (mean_zero d (flip b z) Hd); [apply flip_cube, Cz | nra | exact Hk].
    + rewrite (flip_max d b K k Hk).
      apply (mean_one d (flip b z) Hd); [apply flip_cube, Cz | nra | exact Hk].
  - intros eta He; apply affine_mix; auto using coordinate_affine, flip_mean_affine.
  - intros eta He; apply affine_mix; auto using coordinate_affine, flip_mean_affine.
Qed.

(** ** Soundness *)

Theorem affine_envelope d b m M h x lo hi :
  corner d b -> cube d x -> affine d h -> represents d (shown d (opposite b) b m M) h ->
  (forall k, (k < d)%nat -> lo <= flip b x k <= hi) ->
  m + (M - m) * lo <= h x <= m + (M - m) * hi.
Proof.
  intros K Cx (_ & w & c & H) Rh L; pose proof Rh as (B & _); simpl in B.
  pose proof (corner_cube d b K) as Cb; pose proof (opposite_cube d b Cb) as Ca.
  pose proof (represents_a d _ b m M h Ca Rh _ (peq_refl d _)) as Ha.
  pose proof (represents_b d _ b m M h Cb Rh _ (peq_refl d _)) as Hb.
  set (p := fun i => w i * (b i - opposite b i)).
  assert (P : forall k, (k < d)%nat -> 0 <= p k).
  { intros k Hk; pose proof (Cb k Hk) as Ck.
    pose proof (affine_move d h w c (opposite b) k (b k) H Hk Ca Ck) as E.
    pose proof (B _ (update_cube d (opposite b) k (b k) Ca Ck)); unfold p; lra. }
  assert (D : forall z, cube d z -> h z - m = sumn d (fun i => p i * flip b z i)).
  { intros z Cz; rewrite <- Ha, (H z Cz), (H _ Ca).
    replace (sumn d (fun i => w i * z i) + c - (sumn d (fun i => w i * opposite b i) + c))
      with (sumn d (fun i => w i * z i) - sumn d (fun i => w i * opposite b i)) by ring.
    rewrite sumn_minus; apply sumn_ext; intros i Hi; unfold p, flip, opposite.
    destruct Req_EM_T as [e | n]; [rewrite e; ring|].
    destruct (K i Hi) as [e | e]; [rewrite e; ring | contradiction]. }
  assert (S : sumn d p = M - m).
  { rewrite <- Hb, (D b Cb); apply sumn_ext; intros i Hi.
    rewrite (flip_max d b K i Hi); unfold ones; ring. }
  assert (lo * (M - m) <= h x - m <= hi * (M - m)); [|lra].
  rewrite (D x Cx), <- S, <- !sumn_scal.
  split; apply sumn_le; intros i Hi; specialize (P i Hi); specialize (L i Hi); nra.
Qed.

(** ** The row *)

Section Row.
  Variables (d : nat) (b : point) (m M : R) (T : task).
  Hypothesis K : corner d b.
  Hypothesis H : m < M.

  Let V := shown d (opposite b) b m M.

  Lemma affine_no x i j :
    (i < d)%nat -> (j < d)%nat ->
    apart T V (m + (M - m) * flip b x i) (m + (M - m) * flip b x j) ->
    undecidable T (affine d) d V x.
  Proof.
    intros Hi Hj A; eapply triple_undecidable;
      [exact (affine_triple d b m M i j K H Hi Hj) | exact A].
  Qed.

  Lemma affine_yes x :
    (1 <= d)%nat -> cube d x ->
    (forall i j, (i < d)%nat -> (j < d)%nat ->
       ~ apart T V (m + (M - m) * flip b x i) (m + (M - m) * flip b x j)) ->
    decidable T (affine d) d V x.
  Proof.
    intros Hd Cx A.
    destruct (largest d (flip b x) Hd) as (i & Hi & Li).
    destruct (smallest d (flip b x) Hd) as (j & Hj & Lj).
    apply envelope_decidable with (m + (M - m) * flip b x i) (m + (M - m) * flip b x j);
      [|apply A; assumption].
    intros h Ch Rh; apply (affine_envelope d b m M h x (flip b x j) (flip b x i) K Cx Ch Rh).
    intros k Hk; split; [apply Lj | apply Li]; exact Hk.
  Qed.

  (** A point whose first two flipped coordinates are 1 and 0. *)
  Lemma affine_somewhere : exists x, cube d x /\ flip b x 0%nat = 1 /\ flip b x 1%nat = 0.
  Proof.
    exists (flip b (fun i => if Nat.eqb i 0 then 1 else 0)).
    split; [|split; rewrite flip_involutive; reflexivity].
    apply flip_cube; intros i _; destruct (Nat.eqb i 0); lra.
  Qed.
End Row.

Theorem affine_exact :
  forall d b m M,
  (2 <= d)%nat -> corner d b -> m < M ->
  (forall x, cube d x ->
     (exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x i <> flip b x j) ->
     undecidable exact (affine d) d (shown d (opposite b) b m M) x) /\
  (exists x, cube d x /\
     exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x i <> flip b x j) /\
  (forall x, cube d x ->
     (forall i j, (i < d)%nat -> (j < d)%nat -> flip b x i = flip b x j) ->
     decidable exact (affine d) d (shown d (opposite b) b m M) x).
Proof.
  intros d b m M Hd K H; split; [|split].
  - intros x Cx (i & j & Hi & Hj & L); apply affine_no with i j; auto; simpl; nra.
  - destruct (affine_somewhere d b) as (x & Cx & X0 & X1).
    exists x; split; [exact Cx|]; exists 0%nat, 1%nat; repeat split; try lia; lra.
  - intros x Cx A; apply affine_yes; auto; [lia|]; intros i j Hi Hj; simpl.
    rewrite (A i j Hi Hj); auto.
Qed.

Theorem affine_approx :
  forall d b m M eps,
  (2 <= d)%nat -> corner d b -> m < M -> 0 < eps < 1 / 2 ->
  (forall x, cube d x ->
     (exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x i - flip b x j > 2 * eps) ->
     undecidable (approx eps) (affine d) d (shown d (opposite b) b m M) x) /\
  (exists x, cube d x /\
     exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x i - flip b x j > 2 * eps) /\
  (forall x, cube d x ->
     (forall i j, (i < d)%nat -> (j < d)%nat -> flip b x i - flip b x j <= 2 * eps) ->
     decidable (approx eps) (affine d) d (shown d (opposite b) b m M) x).
Proof.
  intros d b m M eps Hd K H He; split; [|split].
  - intros x Cx (i & j & Hi & Hj & L); apply affine_no with i j; auto; simpl; unfold range; simpl.
    rewrite Rabs_right; nra.
  - destruct (affine_somewhere d b) as (x & Cx & X0 & X1).
    exists x; split; [exact Cx|]; exists 0%nat, 1%nat; repeat split; try lia; lra.
  - intros x Cx A; apply affine_yes; auto; [lia|]; intros i j Hi Hj; simpl; unfold range; simpl.
    pose proof (A i j Hi Hj); pose proof (A j i Hj Hi); unfold Rabs; destruct Rcase_abs; nra.
Qed.

Theorem affine_side :
  forall d b m M,
  (2 <= d)%nat -> corner d b -> m < M ->
  (forall x, cube d x ->
     (exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x j < 1 / 2 < flip b x i) ->
     undecidable side (affine d) d (shown d (opposite b) b m M) x) /\
  (exists x, cube d x /\
     exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x j < 1 / 2 < flip b x i) /\
  (forall x, cube d x ->
     ~ (exists i j, (i < d)%nat /\ (j < d)%nat /\ flip b x j < 1 / 2 < flip b x i) ->
     decidable side (affine d) d (shown d (opposite b) b m M) x).
Proof.
  intros d b m M Hd K H; split; [|split].
  - intros x Cx (i & j & Hi & Hj & L); apply affine_no with i j; auto; simpl; unfold mid; simpl.
    split; nra.
  - destruct (affine_somewhere d b) as (x & Cx & X0 & X1).
    exists x; split; [exact Cx|]; exists 0%nat, 1%nat; repeat split; try lia; lra.
  - intros x Cx A; apply affine_yes; auto; [lia|]; intros i j Hi Hj; simpl; unfold mid; simpl.
    intros L; apply A; exists i, j; repeat split; auto; nra.
Qed.

(** Every value strictly between two of the flipped coordinates' values is taken. *)
Theorem affine_fibre d b m M x y i j :
  corner d b -> m < M -> (i < d)%nat -> (j < d)%nat ->
  m + (M - m) * flip b x j < y < m + (M - m) * flip b x i ->
  exists f, affine d f /\ represents d (shown d (opposite b) b m M) f /\ f x = y.
Proof.
  intros K H Hi Hj Hy; eapply interior_attained;
    [exact (affine_triple d b m M i j K H Hi Hj) | apply affine_mix | exact Hy].
Qed.

(** The centre of the box is exactly predictable. *)
Theorem affine_centre d b m M :
  (2 <= d)%nat -> corner d b -> m < M ->
  decidable exact (affine d) d (shown d (opposite b) b m M) (fun _ => 1 / 2).
Proof.
  intros Hd K H; apply (affine_exact d b m M Hd K H); [intros i _; lra|].
  intros i j _ _; unfold flip; repeat destruct Req_EM_T; lra.
Qed.
