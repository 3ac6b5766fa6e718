(** * Row convex

    Definitions: the class [convex d]; [fits d a x s] (the box shrunk by the
    factor s towards a contains x, coordinate by coordinate); [gauge d a x] (the
    smallest such s, see [gauge_spec]); the triple [cone], [spike].

    The maximiser b of a convex function with a unique maximiser is a corner
    ([convex_maximiser_corner]); the minimiser a is any other point. The cone is the
    largest convex function that is m at a and at most M on the box; the spike stays at
    m but for a small hat at the corner b. What is known of f(x) is the interval
    [m, m + (M - m) gauge(x)], of radius gauge(x) / 2.

    Main results: [convex_exact], [convex_approx], [convex_side] (each: undecidable
    wherever the gauge is large, which happens for every visualization, and decidable
    everywhere else); [convex_envelope] and [convex_fibre] (together: the interval
    is sharp); [centre_decidable].

    Reference for the table: Geirhos et al., ICML 2024. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Networks Hats.
Open Scope R_scope.

Definition convex (d : nat) (f : fn) : Prop :=
  ext d f /\
  forall t y z, 0 <= t <= 1 -> cube d y -> cube d z ->
    f (blend t y z) <= t * f y + (1 - t) * f z.

(** ** The gauge *)

(** x lies in the copy of the box that is shrunk by [s] towards [a]. *)
Definition fits (d : nat) (a x : point) (s : R) : Prop :=
  forall i, (i < d)%nat -> - (s * a i) <= x i - a i <= s * (1 - a i).

Definition gauge1 (a x : R) : R :=
  if Rle_dec a x then (x - a) / (1 - a) else (a - x) / a.

Fixpoint gauge (d : nat) (a x : point) : R :=
  match d with
  | O => 0
  | S n => Rmax (gauge n a x) (gauge1 (a n) (x n))
  end.

Lemma gauge1_spec a x s :
  0 <= a <= 1 -> 0 <= x <= 1 -> 0 <= s ->
  (gauge1 a x <= s <-> - (s * a) <= x - a <= s * (1 - a)).
Proof.
  intros Ha Hx Hs; unfold gauge1; destruct (Rle_dec a x).
  - destruct (Req_dec a 1) as [-> | n].
    + replace x with 1 by lra; unfold Rdiv; rewrite Rminus_diag_eq by reflexivity; lra.
    + assert (E : (x - a) / (1 - a) * (1 - a) = x - a) by (field; lra).
      split; intros H.
      * split; [nra|]; rewrite <- E; apply Rmult_le_compat_r; lra.
      * apply (Rmult_le_reg_r (1 - a)); lra.
  - assert (E : (a - x) / a * a = a - x) by (field; lra).
    split; intros H.
    + assert (a - x <= s * a) by (rewrite <- E; apply Rmult_le_compat_r; lra); nra.
    + apply (Rmult_le_reg_r a); lra.
Qed.

(** The gauge is the smallest scale that fits. *)
Theorem gauge_spec d a x s :
  cube d a -> cube d x -> 0 <= s -> (gauge d a x <= s <-> fits d a x s).
Proof.
  intros Ca Cx Hs; induction d as [|d IH].
  - simpl; split; [intros _ i Hi; lia | lra].
  - assert (IH' : gauge d a x <= s <-> fits d a x s)
      by (apply IH; intros i Hi; [apply Ca | apply Cx]; lia).
    pose proof (gauge1_spec (a d) (x d) s (Ca d (Nat.lt_succ_diag_r d))
                  (Cx d (Nat.lt_succ_diag_r d)) Hs) as G.
    simpl; split.
    + intros H i Hi; pose proof (Rmax_l (gauge d a x) (gauge1 (a d) (x d)));
        pose proof (Rmax_r (gauge d a x) (gauge1 (a d) (x d))).
      destruct (Nat.eq_dec i d) as [-> | n]; [apply G; lra|].
      apply IH'; [lra | lia].
    + intros H; apply Rmax_lub; [apply IH' | apply G]; [intros i Hi|]; apply H; lia.
Qed.

Lemma gauge_nonneg d a x : 0 <= gauge d a x.
Proof.
  induction d as [|d IH]; simpl; [lra|].
  eapply Rle_trans; [exact IH | apply Rmax_l].
Qed.

Lemma gauge_fits d a x : cube d a -> cube d x -> fits d a x (gauge d a x).
Proof. intros Ca Cx; apply gauge_spec; auto using gauge_nonneg; lra. Qed.

Lemma gauge_le_one d a x : cube d a -> cube d x -> gauge d a x <= 1.
Proof.
  intros Ca Cx; apply gauge_spec; auto; [lra|].
  intros i Hi; specialize (Ca i Hi); specialize (Cx i Hi); lra.
Qed.

Lemma gauge_zero d a x : cube d a -> cube d x -> (gauge d a x = 0 <-> peq d a x).
Proof.
  intros Ca Cx; pose proof (gauge_nonneg d a x); split.
  - intros E i Hi; pose proof (gauge_fits d a x Ca Cx i Hi) as F; rewrite E in F; lra.
  - intros E; assert (gauge d a x <= 0); [|lra].
    apply gauge_spec; auto; [lra|]; intros i Hi; rewrite (E i Hi); lra.
Qed.

Lemma gauge_ext d a y z : peq d y z -> gauge d a y = gauge d a z.
Proof.
  induction d as [|d IH]; intros E; simpl; [reflexivity|].
  rewrite IH, (E d); [reflexivity | lia | intros i Hi; apply E; lia].
Qed.

Lemma gauge_blend d a t y z :
  0 <= t <= 1 -> cube d a -> cube d y -> cube d z ->
  gauge d a (blend t y z) <= t * gauge d a y + (1 - t) * gauge d a z.
Proof.
  intros Ht Ca Cy Cz; pose proof (gauge_nonneg d a y); pose proof (gauge_nonneg d a z).
  apply gauge_spec; auto using blend_cube.
  - apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra.
  - intros i Hi; pose proof (gauge_fits d a y Ca Cy i Hi); pose proof (gauge_fits d a z Ca Cz i Hi).
    unfold blend; split; nra.
Qed.

(** On the segment from [a] to the corner [b] the gauge is the fraction of the way. *)
Lemma gauge_towards d a b s :
  corner d b -> cube d a -> ~ peq d a b -> 0 <= s <= 1 -> gauge d a (blend s b a) >= s.
Proof.
  intros Kb Ca N Hs; destruct (differ d a b N) as (i & Hi & Hn).
  pose proof (corner_cube d b Kb) as Cb.
  pose proof (gauge_fits d a (blend s b a) Ca (blend_cube d s b a Hs Cb Ca) i Hi) as F.
  assert (E : blend s b a i = s * b i + (1 - s) * a i) by reflexivity.
  rewrite E in F; specialize (Ca i Hi); set (g := gauge d a (blend s b a)) in *.
  destruct (Kb i Hi) as [K | K]; rewrite K in *.
  - apply Rle_ge, (Rmult_le_reg_r (a i)); lra.
  - apply Rle_ge, (Rmult_le_reg_r (1 - a i)); lra.
Qed.

Lemma gauge_corner d a b : corner d b -> cube d a -> ~ peq d a b -> gauge d a b = 1.
Proof.
  intros Kb Ca N; pose proof (gauge_le_one d a b Ca (corner_cube d b Kb)).
  pose proof (gauge_towards d a b 1 Kb Ca N ltac:(lra)) as G.
  rewrite (gauge_ext d a (blend 1 b a) b) in G by (intros i _; unfold blend; ring); lra.
Qed.

(** ** The triple *)

Definition cone (d : nat) (a : point) (m M : R) : fn := fun z => m + (M - m) * gauge d a z.

Definition spike (d : nat) (b : point) (delta m M : R) : fn :=
  fun z => m + (M - m) * hat d delta b z.

Definition half_way (U W : fn) : fn := fun z => (U z + W z) / 2.

Lemma convex_mix d : closed_under_mixing (convex d).
Proof.
  intros eta f g He (Ef & Vf) (Eg & Vg); split.
  - intros y z Cy E; unfold mix; rewrite (Ef y z Cy E), (Eg y z Cy E); reflexivity.
  - intros t y z Ht Cy Cz; specialize (Vf t y z Ht Cy Cz); specialize (Vg t y z Ht Cy Cz).
    unfold mix; nra.
Qed.

Lemma cone_convex d a m M : m < M -> cube d a -> convex d (cone d a m M).
Proof.
  intros H Ca; split.
  - intros y z _ E; unfold cone; rewrite (gauge_ext d a y z E); reflexivity.
  - intros t y z Ht Cy Cz; pose proof (gauge_blend d a t y z Ht Ca Cy Cz); unfold cone; nra.
Qed.

Lemma abs_from_corner b z : b = 0 \/ b = 1 -> 0 <= z <= 1 -> Rabs (z - b) = b + (1 - 2 * b) * z.
Proof. intros [-> | ->] H; unfold Rabs; destruct Rcase_abs; lra. Qed.

(** Seen from a corner, the l1 distance is affine on the box. *)
Lemma dist1_corner d b t y z :
  corner d b -> 0 <= t <= 1 -> cube d y -> cube d z ->
  dist1 d (blend t y z) b = t * dist1 d y b + (1 - t) * dist1 d z b.
Proof.
  intros Kb Ht Cy Cz; pose proof (blend_cube d t y z Ht Cy Cz) as Cw.
  unfold dist1; rewrite <- !sumn_scal, <- sumn_plus; apply sumn_ext; intros i Hi.
  rewrite !abs_from_corner by auto; unfold blend; ring.
Qed.

Lemma spike_convex d b delta m M :
  0 < delta -> m < M -> corner d b -> convex d (spike d b delta m M).
Proof.
  intros Hd H Kb; split.
  - intros y z _ E; unfold spike, hat, dist1.
    rewrite (sumn_ext d _ (fun i => Rabs (z i - b i))); [reflexivity|].
    intros i Hi; rewrite (E i Hi); reflexivity.
  - intros t y z Ht Cy Cz.
    assert (L : hat d delta b (blend t y z) <= t * hat d delta b y + (1 - t) * hat d delta b z).
    { unfold hat; rewrite dist1_corner by assumption.
      set (p := / delta * dist1 d y b); set (r := / delta * dist1 d z b).
      replace (1 - / delta * (t * dist1 d y b + (1 - t) * dist1 d z b))
        with (t * (1 - p) + (1 - t) * (1 - r)) by (unfold p, r; ring).
      unfold relu, Rmax; repeat destruct Rle_dec; nra. }
    unfold spike; nra.
Qed.

Lemma hat_far d delta p z : 0 < delta -> delta <= dist1 d z p -> hat d delta p z = 0.
Proof.
  intros Hd H; unfold hat; apply relu_neg.
  assert (/ delta * delta <= / delta * dist1 d z p)
    by (apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; lra | lra]).
  rewrite Rinv_l in *; lra.
Qed.

Lemma spike_far d b delta m M z : 0 < delta -> delta <= dist1 d z b -> spike d b delta m M z = m.
Proof. intros Hd H; unfold spike; rewrite hat_far by assumption; ring. Qed.

Lemma convex_triple d a b delta m M :
  cube d a -> corner d b -> ~ peq d a b -> m < M -> 0 < delta <= dist1 d a b ->
  triple (convex d) d a b m M (cone d a m M) (spike d b delta m M)
         (half_way (cone d a m M) (spike d b delta m M)).
Proof.
  intros Ca Kb N H Hd; pose proof (corner_cube d b Kb) as Cb.
  assert (Hc : forall z, cube d z -> 0 <= gauge d a z <= 1)
    by (intros z Cz; split; [apply gauge_nonneg | apply gauge_le_one; assumption]).
  assert (Hs : forall z, 0 <= hat d delta b z <= 1) by (intros z; apply hat_range; lra).
  assert (SU : spans d a b m M (cone d a m M)).
  { split; [|split]; unfold cone.
    - intros z Cz; specialize (Hc z Cz); nra.
    - rewrite (proj2 (gauge_zero d a a Ca Ca)); [ring | apply peq_refl].
    - rewrite gauge_corner by assumption; ring. }
  assert (SW : spans d a b m M (spike d b delta m M)).
  { split; [|split].
    - intros z Cz; specialize (Hs z); unfold spike; nra.
    - apply spike_far; lra.
    - unfold spike; rewrite hat_centre; [ring | apply peq_refl]. }
  assert (KU := cone_convex d a m M H Ca).
  assert (KW := spike_convex d b delta m M (proj1 Hd) H Kb).
  assert (KB : convex d (half_way (cone d a m M) (spike d b delta m M))).
  { destruct (convex_mix d (1 / 2) _ _ ltac:(lra) KU KW) as (E & V).
    split; [intros y z Cy P; specialize (E y z Cy P) | intros t y z Ht Cy Cz; specialize (V t y z Ht Cy Cz)];
      unfold mix in *; unfold half_way; lra. }
  constructor; auto.
  - intros f (E & _); exact E.
  - destruct SU as (SU & Ua & Ub), SW as (SW & Wa & Wb).
    split; [|unfold half_way; rewrite Ua, Ub, Wa, Wb; lra].
    intros z Cz; specialize (SU z Cz); specialize (SW z Cz); unfold half_way; lra.
  - split; intros z Cz E; destruct SU as (SU & _), SW as (SW & _);
      specialize (SU z Cz); specialize (SW z Cz); unfold half_way in E.
    + apply (gauge_zero d a z Ca Cz); unfold cone in *.
      assert (spike d b delta m M z = m) by lra; nra.
    + apply (hat_one d delta (proj1 Hd)); unfold spike in *; nra.
  - intros eta He; apply convex_mix; assumption.
  - intros eta He; apply convex_mix; assumption.
Qed.

(** ** Soundness: no member leaves the envelope *)

Theorem convex_envelope d a b m M h x :
  cube d a -> cube d x -> convex d h -> represents d (shown d a b m M) h ->
  m <= h x <= m + (M - m) * gauge d a x.
Proof.
  intros Ca Cx (E & V) Rh; pose proof Rh as (B & _); split; [apply (B x Cx)|].
  pose proof (represents_a d a b m M h Ca Rh) as Ha.
  set (g := gauge d a x); pose proof (gauge_nonneg d a x) as Hg; fold g in Hg.
  destruct (Req_dec g 0) as [Z | P].
  - rewrite Z, (Ha x); [lra|]; apply gauge_zero; assumption.
  - assert (F := gauge_fits d a x Ca Cx); fold g in F.
    set (w := fun i => a i + (x i - a i) / g).
    assert (Cw : cube d w).
    { intros i Hi; specialize (F i Hi); specialize (Ca i Hi); unfold w.
      assert (Q : (x i - a i) / g * g = x i - a i) by (field; exact P).
      split; apply (Rmult_le_reg_r g); nra. }
    assert (G1 : g <= 1) by (apply gauge_le_one; assumption).
    assert (X : peq d (blend g w a) x).
    { intros i Hi; unfold blend, w; field; exact P. }
    pose proof (V g w a ltac:(lra) Cw Ca) as K.
    rewrite (E _ x (blend_cube d g w a ltac:(lra) Cw Ca) X), (Ha a (peq_refl d a)) in K.
    specialize (B w Cw); simpl in B; nra.
Qed.

Theorem convex_maximiser_corner d a b m M h :
  cube d b -> convex d h -> represents d (shown d a b m M) h -> corner d b.
Proof.
  intros Cb (E & V) Rh i Hi; pose proof Rh as (B & _ & HM & _); simpl in *.
  pose proof (represents_b d a b m M h Cb Rh) as Hb.
  destruct (Req_dec (b i) 0) as [Z | N0]; [left; exact Z|].
  destruct (Req_dec (b i) 1) as [O | N1]; [right; exact O | exfalso].
  set (y := update b i (b i - Rmin (b i) (1 - b i))).
  set (z := update b i (b i + Rmin (b i) (1 - b i))).
  pose proof (Cb i Hi) as Ci.
  assert (0 < Rmin (b i) (1 - b i)) by (apply Rmin_glb_lt; lra).
  pose proof (Rmin_l (b i) (1 - b i)); pose proof (Rmin_r (b i) (1 - b i)).
  assert (Cy : cube d y) by (apply update_cube; [exact Cb | lra]).
  assert (Cz : cube d z) by (apply update_cube; [exact Cb | lra]).
  assert (X : peq d (blend (1 / 2) y z) b).
  { intros k Hk; unfold blend, y, z; destruct (Nat.eq_dec k i) as [-> | n].
    - rewrite !update_same; field.
    - rewrite !update_other by exact n; field. }
  pose proof (V (1 / 2) y z ltac:(lra) Cy Cz) as K.
  rewrite (E _ b (blend_cube d (1 / 2) y z ltac:(lra) Cy Cz) X), (Hb b (peq_refl d b)) in K.
  pose proof (B y Cy); pose proof (B z Cz).
  assert (Y : peq d b y) by (apply HM; [exact Cy | lra]).
  specialize (Y i Hi); unfold y in Y; rewrite update_same in Y; lra.
Qed.

(** ** The row *)

Section Row.
  Variables (d : nat) (a b : point) (m M : R) (T : task).
  Hypothesis Ca : cube d a.
  Hypothesis Kb : corner d b.
  Hypothesis N : ~ peq d a b.
  Hypothesis H : m < M.

  Let V := shown d a b m M.

  Lemma convex_no x :
    cube d x -> ~ peq d x b -> apart T V (m + (M - m) * gauge d a x) m ->
    undecidable T (convex d) d V x.
  Proof.
    intros Cx Nx A.
    pose proof (dist1_apart d x b Nx); pose proof (dist1_apart d a b N).
    pose proof (Rmin_l (dist1 d a b) (dist1 d x b)); pose proof (Rmin_r (dist1 d a b) (dist1 d x b)).
    assert (0 < Rmin (dist1 d a b) (dist1 d x b)) by (apply Rmin_glb_lt; lra).
    eapply triple_undecidable;
      [apply convex_triple with (delta := Rmin (dist1 d a b) (dist1 d x b)); auto; lra|].
    rewrite spike_far by lra; exact A.
  Qed.

  Lemma convex_yes x :
    cube d x -> ~ apart T V (m + (M - m) * gauge d a x) m ->
    decidable T (convex d) d V x.
  Proof.
    intros Cx A; apply envelope_decidable with (m + (M - m) * gauge d a x) m; [|exact A].
    intros h Ch Rh; exact (convex_envelope d a b m M h x Ca Cx Ch Rh).
  Qed.

  (** The point at fraction [s] from [a] to [b]. *)
  Lemma convex_somewhere s :
    0 <= s < 1 -> exists x, cube d x /\ ~ peq d x b /\ gauge d a x >= s.
  Proof.
    intros Hs; pose proof (corner_cube d b Kb) as Cb; exists (blend s b a).
    split; [apply blend_cube; auto; lra | split; [|apply gauge_towards; auto; lra]].
    intros E; apply N; intros i Hi; specialize (E i Hi); unfold blend in E; nra.
  Qed.
End Row.

Theorem convex_exact :
  forall d a b m M,
  (1 <= d)%nat -> cube d a -> corner d b -> ~ peq d a b -> m < M ->
  (forall x, cube d x -> ~ peq d x a -> ~ peq d x b ->
     undecidable exact (convex d) d (shown d a b m M) x) /\
  (exists x, cube d x /\ ~ peq d x a /\ ~ peq d x b) /\
  (forall x, cube d x -> peq d x a \/ peq d x b ->
     decidable exact (convex d) d (shown d a b m M) x).
Proof.
  intros d a b m M Hd Ca Kb N H; split; [|split].
  - intros x Cx Na Nb; apply convex_no; auto; simpl.
    pose proof (gauge_nonneg d a x).
    destruct (Req_dec (gauge d a x) 0) as [Z | P]; [|nra].
    exfalso; apply Na, peq_sym, gauge_zero; assumption.
  - destruct (convex_somewhere d a b Ca Kb N (1 / 2)) as (x & Cx & Nx & G); [lra|].
    exists x; split; [exact Cx | split; [|exact Nx]]; intros E.
    assert (gauge d a x = 0) by (apply gauge_zero; auto using peq_sym); lra.
  - intros x Cx E; apply decidable_shown; auto using corner_cube; [discriminate|].
    destruct E; auto using peq_sym.
Qed.

Theorem convex_approx :
  forall d a b m M eps,
  (1 <= d)%nat -> cube d a -> corner d b -> ~ peq d a b -> m < M ->
  0 < eps < 1 / 2 ->
  (forall x, cube d x -> ~ peq d x b -> gauge d a x > 2 * eps ->
     undecidable (approx eps) (convex d) d (shown d a b m M) x) /\
  (exists x, cube d x /\ ~ peq d x b /\ gauge d a x > 2 * eps) /\
  (forall x, cube d x -> peq d x b \/ gauge d a x <= 2 * eps ->
     decidable (approx eps) (convex d) d (shown d a b m M) x).
Proof.
  intros d a b m M eps Hd Ca Kb N H He; split; [|split].
  - intros x Cx Nx G; apply convex_no; auto; simpl; unfold range; simpl.
    rewrite Rabs_right; nra.
  - destruct (convex_somewhere d a b Ca Kb N (1 / 2 + eps)) as (x & Cx & Nx & G); [lra|].
    exists x; split; [exact Cx | split; [exact Nx | lra]].
  - intros x Cx [E | G].
    + apply decidable_shown; auto using corner_cube, peq_sym; intros e Q; injection Q; lra.
    + apply convex_yes; auto; simpl; unfold range; simpl.
      pose proof (gauge_nonneg d a x); rewrite Rabs_right; nra.
Qed.

Theorem convex_side :
  forall d a b m M,
  (1 <= d)%nat -> cube d a -> corner d b -> ~ peq d a b -> m < M ->
  (forall x, cube d x -> ~ peq d x b -> gauge d a x > 1 / 2 ->
     undecidable side (convex d) d (shown d a b m M) x) /\
  (exists x, cube d x /\ ~ peq d x b /\ gauge d a x > 1 / 2) /\
  (forall x, cube d x -> peq d x b \/ gauge d a x <= 1 / 2 ->
     decidable side (convex d) d (shown d a b m M) x).
Proof.
  intros d a b m M Hd Ca Kb N H; split; [|split].
  - intros x Cx Nx G; apply convex_no; auto; simpl; unfold mid; simpl; nra.
  - destruct (convex_somewhere d a b Ca Kb N (3 / 4)) as (x & Cx & Nx & G); [lra|].
    exists x; split; [exact Cx | split; [exact Nx | lra]].
  - intros x Cx [E | G].
    + apply decidable_shown; auto using corner_cube, peq_sym; discriminate.
    + apply convex_yes; auto; simpl; unfold mid; simpl; nra.
Qed.

(** The fibre at x: every value inside the envelope is taken. *)
Theorem convex_fibre d a b m M x y :
  cube d a -> corner d b -> ~ peq d a b -> m < M -> cube d x -> ~ peq d x b ->
  m < y < m + (M - m) * gauge d a x ->
  exists f, convex d f /\ represents d (shown d a b m M) f /\ f x = y.
Proof.
  intros Ca Kb N H Cx Nx Hy.
  pose proof (dist1_apart d x b Nx); pose proof (dist1_apart d a b N).
  pose proof (Rmin_l (dist1 d a b) (dist1 d x b)); pose proof (Rmin_r (dist1 d a b) (dist1 d x b)).
  assert (0 < Rmin (dist1 d a b) (dist1 d x b)) by (apply Rmin_glb_lt; lra).
  eapply interior_attained;
    [apply convex_triple with (delta := Rmin (dist1 d a b) (dist1 d x b)); auto; lra
    | apply convex_mix | rewrite spike_far by lra; exact Hy].
Qed.

(** Wherever the minimiser lies, the centre of the box has gauge at most 1/2. *)
Theorem centre_decidable d a b m M :
  (1 <= d)%nat -> cube d a -> corner d b -> ~ peq d a b -> m < M ->
  decidable side (convex d) d (shown d a b m M) (fun _ => 1 / 2).
Proof.
  intros Hd Ca Kb N H.
  assert (Cc : cube d (fun _ => 1 / 2)) by (intros i _; lra).
  apply (convex_side d a b m M Hd Ca Kb N H); [exact Cc | right].
  apply gauge_spec; auto; [lra|]; intros i Hi; specialize (Ca i Hi); lra.
Qed.
