(** * The cone theorem: values known up to intervals, at any number of points

    Definitions:
    - [sites]: points, each with an interval for the value there; [consistent d lo hi S f]: f is
      in the interval at each site and in [lo, hi] everywhere; [feasible]: no two of these
      contradict each other.
    - [cap], [cup]: the smallest of the cones from above and hi, the largest of those from below
      and lo.
    - [hemimetric], [steep]: a distance that need not be symmetric, and the functions that rise by
      at most L times it. A metric gives the Lipschitz functions; [order_gap] (0 upwards in the
      coordinatewise order, else 1) gives the monotone ones.
    - [two]: both shown points, values known up to sigma; at sigma = 0 this is [near].

    Main results: [cones_fibre] (the values at x that members take are exactly [cup, cap], ends
    included), [cones_feasible] (there is a member if and only if [feasible]),
    [noisy_side] (the threshold with values known up to sigma); [mono_near_fibre],
    [mono_near_feasible]; [affine_near_fibre] (affine functions, opposite corners);
    [noisy_line_side], [noisy_line_approx] (affine, d = 1, values known up to sigma).

    Reference: E. J. McShane, "Extension of range of functions", Bull. AMS 40, 1934, for the
    cones. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Monotone Affine Metrics Lipschitz Wording
  LevelCells Near.
Import ListNotations.
Open Scope R_scope.

Definition sites : Type := list (point * (R * R)).

Definition consistent (d : nat) (lo hi : R) (S : sites) (f : fn) : Prop :=
  (forall z, cube d z -> lo <= f z <= hi) /\
  forall s l u, In (s, (l, u)) S -> l <= f s <= u.

Fixpoint cap (rho : point -> point -> R) (L hi : R) (S : sites) (z : point) : R :=
  match S with
  | [] => hi
  | (s, (_, u)) :: S' => Rmin (u + L * rho z s) (cap rho L hi S' z)
  end.

Fixpoint cup (rho : point -> point -> R) (L lo : R) (S : sites) (z : point) : R :=
  match S with
  | [] => lo
  | (s, (l, _)) :: S' => Rmax (l - L * rho s z) (cup rho L lo S' z)
  end.

Definition feasible (rho : point -> point -> R) (L lo hi : R) (S : sites) : Prop :=
  lo <= hi /\
  (forall s l u, In (s, (l, u)) S -> l <= u /\ lo <= u /\ l <= hi) /\
  (forall s l u t l' u', In (s, (l, u)) S -> In (t, (l', u')) S -> l - u' <= L * rho s t).

Record hemimetric (d : nat) (rho : point -> point -> R) : Prop := {
  hemi_self : forall z, cube d z -> rho z z = 0;
  hemi_nonneg : forall y z, cube d y -> cube d z -> 0 <= rho y z;
  hemi_triangle : forall w y z, cube d w -> cube d y -> cube d z -> rho w z <= rho w y + rho y z
}.

Definition steep (rho : point -> point -> R) (L : R) (d : nat) (f : fn) : Prop :=
  forall y z, cube d y -> cube d z -> f y - f z <= L * rho y z.

(** A set of functions that is closed under mixing takes every value between two of its values. *)
Lemma between_members (P : class) (f g : fn) x y :
  P f -> P g -> (forall eta, 0 < eta < 1 -> P (mix eta f g)) -> g x <= y <= f x ->
  exists h, P h /\ h x = y.
Proof.
  intros Pf Pg K Hy; destruct (Req_dec y (f x)) as [-> | Nf]; [exists f; auto|].
  destruct (Req_dec y (g x)) as [-> | Ng]; [exists g; auto|].
  set (eta := (f x - y) / (f x - g x)).
  assert (E : eta * (f x - g x) = f x - y) by (unfold eta; field; lra).
  exists (mix eta f g); split; [apply K; split; nra | unfold mix; lra].
Qed.

(** ** The fibre *)

Section Cones.
  Variables (d : nat) (rho : point -> point -> R) (L lo hi : R) (S : sites).
  Hypothesis He : hemimetric d rho.
  Hypothesis HL : 0 <= L.
  Hypothesis Cs : forall s l u, In (s, (l, u)) S -> cube d s.

  Let U := cap rho L hi S.
  Let W := cup rho L lo S.

  Lemma cap_hi z : U z <= hi.
  Proof.
    unfold U; clear; induction S as [|[s [l u]] T IH]; simpl; [lra|].
    eapply Rle_trans; [apply Rmin_r | exact IH].
  Qed.

  Lemma cap_site z s l u : In (s, (l, u)) S -> U z <= u + L * rho z s.
  Proof.
    unfold U; clear; induction S as [|[t [l' u']] T IH]; simpl; [intros []|]; intros [E | H].
    - injection E; intros; subst; apply Rmin_l.
    - eapply Rle_trans; [apply Rmin_r | exact (IH H)].
  Qed.

  Lemma cap_glb z c :
    c <= hi -> (forall s l u, In (s, (l, u)) S -> c <= u + L * rho z s) -> c <= U z.
  Proof.
    unfold U; clear; intros Hc; induction S as [|[s [l u]] T IH]; simpl; intros H; [exact Hc|].
    apply Rmin_glb; [apply (H s l u); auto | apply IH; intros t l' u' Hin; apply (H t l' u'); auto].
  Qed.

  Lemma cup_lo z : lo <= W z.
  Proof.
    unfold W; clear; induction S as [|[s [l u]] T IH]; simpl; [lra|].
    eapply Rle_trans; [exact IH | apply Rmax_r].
  Qed.

  Lemma cup_site z s l u : In (s, (l, u)) S -> l - L * rho s z <= W z.
  Proof.
    unfold W; clear; induction S as [|[t [l' u']] T IH]; simpl; [intros []|]; intros [E | H].
    - injection E; intros; subst; apply Rmax_l.
    - eapply Rle_trans; [exact (IH H) | apply Rmax_r].
  Qed.

  Lemma cup_lub z c :
    lo <= c -> (forall s l u, In (s, (l, u)) S -> l - L * rho s z <= c) -> W z <= c.
  Proof.
    unfold W; clear; intros Hc; induction S as [|[s [l u]] T IH]; simpl; intros H; [exact Hc|].
    apply Rmax_lub; [apply (H s l u); auto | apply IH; intros t l' u' Hin; apply (H t l' u'); auto].
  Qed.

  Lemma cap_steep : steep rho L d U.
  Proof.
    intros y z Cy Cz; pose proof (hemi_nonneg _ _ He y z Cy Cz); pose proof (cap_hi y).
    assert (U y - L * rho y z <= U z); [|lra].
    apply cap_glb; [nra|]; intros s l u H'; pose proof (cap_site y s l u H').
    pose proof (hemi_triangle _ _ He y z s Cy Cz (Cs s l u H')); nra.
  Qed.

  Lemma cup_steep : steep rho L d W.
  Proof.
    intros y z Cy Cz; pose proof (hemi_nonneg _ _ He y z Cy Cz); pose proof (cup_lo z).
    assert (W y <= W z + L * rho y z); [|lra].
    apply cup_lub; [nra|]; intros s l u H'; pose proof (cup_site z s l u H').
    pose proof (hemi_triangle _ _ He s y z (Cs s l u H') Cy Cz); nra.
  Qed.

  Lemma cones_sound f x :
    cube d x -> steep rho L d f -> consistent d lo hi S f -> W x <= f x <= U x.
  Proof.
    intros Cx K (B & F); specialize (B x Cx); split; [apply cup_lub | apply cap_glb]; try lra;
      intros s l u H; specialize (F s l u H); pose proof (Cs s l u H) as C;
      [specialize (K s x C Cx) | specialize (K x s Cx C)]; lra.
  Qed.

  Lemma member_feasible f : steep rho L d f -> consistent d lo hi S f -> feasible rho L lo hi S.
  Proof.
    intros K (B & F); split; [pose proof (B zeros (cube_zeros d)); lra|]; split.
    - intros s l u H; pose proof (F s l u H); pose proof (B s (Cs s l u H)); lra.
    - intros s l u t l' u' H H'; pose proof (F s l u H); pose proof (F t l' u' H').
      specialize (K s t (Cs s l u H) (Cs t l' u' H')); lra.
  Qed.

  Hypothesis Fe : feasible rho L lo hi S.

  Lemma cap_consistent : consistent d lo hi S U.
  Proof.
    destruct Fe as (Hh & F1 & F2); split.
    - intros z Cz; split; [|apply cap_hi]; apply cap_glb; [lra|]; intros s l u H.
      destruct (F1 s l u H) as (_ & K & _).
      pose proof (hemi_nonneg _ _ He z s Cz (Cs s l u H)); nra.
    - intros s l u H; split.
      + apply cap_glb; [apply (F1 s l u H)|]; intros t l' u' H';
          specialize (F2 s l u t l' u' H H'); lra.
      + pose proof (cap_site s s l u H) as K; rewrite (hemi_self _ _ He s (Cs s l u H)) in K; lra.
  Qed.

  Lemma cup_consistent : consistent d lo hi S W.
  Proof.
    destruct Fe as (Hh & F1 & F2); split.
    - intros z Cz; split; [apply cup_lo|]; apply cup_lub; [lra|]; intros s l u H.
      destruct (F1 s l u H) as (_ & _ & K).
      pose proof (hemi_nonneg _ _ He s z (Cs s l u H) Cz); nra.
    - intros s l u H; split.
      + pose proof (cup_site s s l u H) as K; rewrite (hemi_self _ _ He s (Cs s l u H)) in K; lra.
      + apply cup_lub; [apply (F1 s l u H)|]; intros t l' u' H';
          specialize (F2 t l' u' s l u H' H); lra.
  Qed.

  Lemma steep_fibre x y :
    cube d x ->
    ((exists f, (steep rho L d f /\ consistent d lo hi S f) /\ f x = y) <-> W x <= y <= U x).
  Proof.
    intros Cx; split; [intros (f & (K & F) & <-); exact (cones_sound f x Cx K F)|]; intros Hy.
    apply between_members with U W; [| | | exact Hy];
      auto using cap_steep, cap_consistent, cup_steep, cup_consistent.
    intros eta Ht; destruct cap_consistent as (B & F), cup_consistent as (B' & F'); unfold mix.
    split; [|split].
    - intros p q Cp Cq; pose proof (cap_steep p q Cp Cq); pose proof (cup_steep p q Cp Cq); nra.
    - intros z Cz; specialize (B z Cz); specialize (B' z Cz); nra.
    - intros s l u H; specialize (F s l u H); specialize (F' s l u H); nra.
  Qed.

  Lemma steep_side V x :
    cube d x ->
    ((exists h, forall f, steep rho L d f -> consistent d lo hi S f -> correct side V (f x) h) <->
     U x <= mid V \/ mid V <= W x).
  Proof.
    intros Cx; split.
    - intros ([|] & H); [left | right].
      + exact (H U cap_steep cap_consistent).
      + exact (H W cup_steep cup_consistent).
    - intros [H | H]; [exists Lower | exists Upper]; intros f K F;
        pose proof (cones_sound f x Cx K F); simpl; lra.
  Qed.
End Cones.

(** ** Lipschitz functions *)

Lemma metric_hemimetric d dist : metric d dist -> hemimetric d dist.
Proof.
  intros Me; split.
  - intros z Cz; apply (metric_zero _ _ Me); auto using peq_refl.
  - intros; apply (metric_nonneg d); assumption.
  - intros; apply (metric_triangle _ _ Me); assumption.
Qed.

Lemma lipschitz_steep d dist L f : metric d dist -> (lipschitz dist L d f <-> steep dist L d f).
Proof.
  intros Me; split; [|apply lipschitz_intro; exact Me].
  intros (_ & K) y z Cy Cz; eapply Rle_trans; [apply Rle_abs | auto].
Qed.

Theorem cones_fibre d dist L lo hi (S : sites) :
  metric d dist -> 0 < L -> (forall s l u, In (s, (l, u)) S -> cube d s) ->
  feasible dist L lo hi S ->
  forall x y, cube d x ->
  ((exists f, lipschitz dist L d f /\ consistent d lo hi S f /\ f x = y) <->
   cup dist L lo S x <= y <= cap dist L hi S x).
Proof.
  intros Me HL Cs Fe x y Cx.
  pose proof (metric_hemimetric d dist Me) as He.
  rewrite <- (steep_fibre d dist L lo hi S He (Rlt_le _ _ HL) Cs Fe x y Cx).
  split; intros (f & H); exists f; rewrite (lipschitz_steep d dist L f Me) in *; tauto.
Qed.

Theorem cones_feasible d dist L lo hi (S : sites) :
  metric d dist -> 0 < L -> (forall s l u, In (s, (l, u)) S -> cube d s) ->
  ((exists f, lipschitz dist L d f /\ consistent d lo hi S f) <-> feasible dist L lo hi S).
Proof.
  intros Me HL Cs; pose proof (metric_hemimetric d dist Me) as He; split.
  - intros (f & K & F); apply (lipschitz_steep d dist L f Me) in K.
    exact (member_feasible d dist L lo hi S Cs f K F).
  - intros Fe; exists (cap dist L hi S); rewrite (lipschitz_steep d dist L _ Me).
    split; [apply cap_steep | apply cap_consistent]; auto; lra.
Qed.

(** ** Two points: near, and values known up to sigma *)

Definition two (a b : point) (alpha beta sigma : R) : sites :=
  [(a, (alpha - sigma, alpha + sigma)); (b, (beta - sigma, beta + sigma))].

Lemma near_consistent d a b alpha beta lo hi f :
  near d a b alpha beta lo hi f <-> consistent d lo hi (two a b alpha beta 0) f.
Proof.
  unfold near, consistent; split.
  - intros (Fa & Fb & B); split; [exact B|].
    intros s l u [E | [E | []]]; injection E; intros; subst; lra.
  - intros (B & F); pose proof (F a _ _ (or_introl eq_refl)).
    pose proof (F b _ _ (or_intror (or_introl eq_refl))); repeat split; try apply B; auto; lra.
Qed.

Lemma two_cube d a b alpha beta sigma s l u :
  cube d a -> cube d b -> In (s, (l, u)) (two a b alpha beta sigma) -> cube d s.
Proof. intros Ca Cb [E | [E | []]]; injection E; intros; subst; assumption. Qed.

Lemma two_feasible d rho L a b alpha beta sigma lo hi :
  hemimetric d rho -> 0 <= L -> cube d a -> cube d b -> alpha <= beta -> 0 <= sigma ->
  lo <= alpha -> beta <= hi -> beta - alpha - 2 * sigma <= L * rho b a ->
  feasible rho L lo hi (two a b alpha beta sigma).
Proof.
  intros He HL Ca Cb H Hs Hl Hh F; pose proof (hemi_nonneg _ _ He a b Ca Cb).
  split; [lra|]; split; [intros s l u [E | [E | []]]; injection E; intros; subst; lra|].
  intros s l u t l' u' [E | [E | []]] [E' | [E' | []]]; injection E; injection E'; intros; subst;
    rewrite ?(hemi_self _ _ He) by assumption; nra.
Qed.

Theorem noisy_side d dist L a b alpha beta sigma lo hi x :
  metric d dist -> 0 < L -> cube d a -> cube d b -> cube d x -> alpha < beta -> 0 <= sigma ->
  lo <= alpha -> beta <= hi -> beta - alpha - 2 * sigma <= L * dist a b ->
  ((exists h, forall f, lipschitz dist L d f -> consistent d lo hi (two a b alpha beta sigma) f ->
      correct side (shown d a b alpha beta) (f x) h) <->
   L * Rmin (dist x a) (dist x b) <= (beta - alpha) / 2 - sigma).
Proof.
  intros Me HL Ca Cb Cx H Hs Hl Hh F; pose proof (metric_hemimetric d dist Me) as He.
  rewrite (metric_sym _ _ Me a b Ca Cb) in F.
  transitivity (cap dist L hi (two a b alpha beta sigma) x <= mid (shown d a b alpha beta) \/
                mid (shown d a b alpha beta) <= cup dist L lo (two a b alpha beta sigma) x).
  - rewrite <- (steep_side d dist L lo hi _ He (Rlt_le _ _ HL)
      (fun s l u => two_cube d a b alpha beta sigma s l u Ca Cb)
      (two_feasible d dist L a b alpha beta sigma lo hi He (Rlt_le _ _ HL) Ca Cb (Rlt_le _ _ H)
         Hs Hl Hh F)
      (shown d a b alpha beta) x Cx).
    split; intros (h & K); exists h; intros f; [rewrite <- (lipschitz_steep d dist L f Me) |
      rewrite (lipschitz_steep d dist L f Me)]; apply K.
  - pose proof (hemi_nonneg _ _ He x a Cx Ca); pose proof (hemi_nonneg _ _ He x b Cx Cb).
    unfold two, mid; simpl; rewrite (metric_sym _ _ Me a x Ca Cx), (metric_sym _ _ Me b x Cb Cx).
    assert (0 <= L * dist x a) by nra; assert (0 <= L * dist x b) by nra.
    assert (E : L * Rmin (dist x a) (dist x b) = Rmin (L * dist x a) (L * dist x b)).
    { unfold Rmin; repeat destruct Rle_dec; nra. }
    rewrite E; clear E; unfold Rmin, Rmax; repeat destruct Rle_dec; split; intros; lra.
Qed.

(** ** Monotone functions: the order as a distance *)

Definition below (d : nat) (y z : point) : Prop := forall i, (i < d)%nat -> y i <= z i.

Lemma below_dec d y z : {below d y z} + {~ below d y z}.
Proof.
  induction d as [|d [IH | IH]].
  - left; intros i Hi; lia.
  - destruct (Rle_dec (y d) (z d)) as [l | n].
    + left; intros i Hi; destruct (Nat.eq_dec i d) as [-> | N]; [exact l | apply IH; lia].
    + right; intros B; apply n, B; lia.
  - right; intros B; apply IH; intros i Hi; apply B; lia.
Qed.

Definition order_gap (d : nat) (y z : point) : R := if below_dec d y z then 0 else 1.

Lemma order_gap_hemimetric d : hemimetric d (order_gap d).
Proof.
  split; unfold order_gap.
  - intros z _; destruct below_dec as [|n]; [reflexivity|]; exfalso; apply n; intros i _; lra.
  - intros y z _ _; destruct below_dec; lra.
  - intros w y z _ _ _.
    destruct (below_dec d w y) as [b|], (below_dec d y z) as [b'|], (below_dec d w z) as [|N];
      try lra; exfalso; apply N; intros i Hi; specialize (b i Hi); specialize (b' i Hi); lra.
Qed.

Lemma monotone_steep d lo hi f :
  (forall z, cube d z -> lo <= f z <= hi) -> (monotone d f <-> steep (order_gap d) (hi - lo) d f).
Proof.
  intros B; split.
  - intros (_ & K) y z Cy Cz; unfold order_gap; destruct below_dec as [b|].
    + specialize (K y z Cy Cz b); lra.
    + pose proof (B y Cy); pose proof (B z Cz); lra.
  - intros K; assert (Up : forall y z, cube d y -> cube d z -> below d y z -> f y <= f z).
    { intros y z Cy Cz b; specialize (K y z Cy Cz); revert K; unfold order_gap;
        destruct below_dec; [lra | contradiction]. }
    split; [|exact Up]; intros y z Cy E; pose proof (peq_cube d y z E Cy) as Cz.
    apply Rle_antisym; apply Up; auto; intros i Hi; rewrite (E i Hi); lra.
Qed.

Definition mono_cap (d : nat) (a b : point) (alpha beta hi : R) (x : point) : R :=
  if below_dec d x a then alpha else if below_dec d x b then beta else hi.

Definition mono_cup (d : nat) (a b : point) (alpha beta lo : R) (x : point) : R :=
  if below_dec d b x then beta else if below_dec d a x then alpha else lo.

Theorem mono_near_fibre d a b alpha beta lo hi :
  cube d a -> cube d b -> alpha < beta -> lo <= alpha -> beta <= hi -> ~ below d b a ->
  forall x y, cube d x ->
  ((exists f, monotone d f /\ near d a b alpha beta lo hi f /\ f x = y) <->
   mono_cup d a b alpha beta lo x <= y <= mono_cap d a b alpha beta hi x).
Proof.
  intros Ca Cb H Hl Hh N x y Cx; pose proof (order_gap_hemimetric d) as He.
  assert (F : beta - alpha - 2 * 0 <= (hi - lo) * order_gap d b a)
    by (unfold order_gap; destruct below_dec; [contradiction | lra]).
  pose proof (steep_fibre d (order_gap d) (hi - lo) lo hi _ He ltac:(lra)
    (fun s l u => two_cube d a b alpha beta 0 s l u Ca Cb)
    (two_feasible d (order_gap d) (hi - lo) a b alpha beta 0 lo hi He ltac:(lra) Ca Cb
       (Rlt_le _ _ H) (Rle_refl 0) Hl Hh F) x y Cx) as E.
  assert (Ecap : cap (order_gap d) (hi - lo) hi (two a b alpha beta 0) x
                 = mono_cap d a b alpha beta hi x).
  { unfold two, mono_cap, order_gap; simpl; repeat destruct below_dec; unfold Rmin;
      repeat destruct Rle_dec; lra. }
  assert (Ecup : cup (order_gap d) (hi - lo) lo (two a b alpha beta 0) x
                 = mono_cup d a b alpha beta lo x).
  { unfold two, mono_cup, order_gap; simpl; repeat destruct below_dec; unfold Rmax;
      repeat destruct Rle_dec; lra. }
  rewrite <- Ecap, <- Ecup, <- E; split.
  - intros (f & K & Nf & V); exists f; pose proof Nf as (_ & _ & B).
    rewrite <- (monotone_steep d lo hi f B), <- near_consistent; auto.
  - intros (f & (K & C) & V); exists f; apply near_consistent in C; pose proof C as (_ & _ & B).
    rewrite (monotone_steep d lo hi f B); auto.
Qed.

Theorem mono_near_feasible d a b alpha beta lo hi :
  cube d a -> cube d b -> alpha < beta -> lo <= alpha -> beta <= hi ->
  ((exists f, monotone d f /\ near d a b alpha beta lo hi f) <-> ~ below d b a).
Proof.
  intros Ca Cb H Hl Hh; split.
  - intros (f & (_ & K) & Fa & Fb & _) B; specialize (K b a Cb Ca B); lra.
  - intros N; destruct (mono_near_fibre d a b alpha beta lo hi Ca Cb H Hl Hh N a alpha Ca)
      as (_ & (f & K & Nf & _)).
    + unfold mono_cup, mono_cap; destruct (below_dec d b a); [contradiction|].
      destruct (below_dec d a a) as [|N']; [lra|]; exfalso; apply N'; intros i _; lra.
    + exists f; auto.
Qed.

(** ** Affine functions, near at opposite corners *)

Section AffineNear.
  Variables (d : nat) (b : point) (alpha beta lo hi : R).
  Hypothesis K : corner d b.
  Hypothesis H : alpha <= beta.
  Hypothesis Hlo : lo <= alpha.
  Hypothesis Hhi : beta <= hi.

  Let tau := Rmin (alpha - lo) (hi - beta).

  (** Coordinate i gets the range and tau more, coordinate j gives tau back. *)
  Let reach (i j : nat) : fn :=
    fun z => alpha + (beta - alpha + tau) * flip b z i - tau * flip b z j.

  Lemma tau_room : 0 <= tau /\ tau <= alpha - lo /\ tau <= hi - beta.
  Proof. unfold tau; split; [apply Rmin_glb; lra | split; [apply Rmin_l | apply Rmin_r]]. Qed.

  Lemma reach_member i j :
    (i < d)%nat -> (j < d)%nat ->
    affine d (reach i j) /\ near d (opposite b) b alpha beta lo hi (reach i j).
  Proof.
    intros Hi Hj; pose proof tau_room as (T0 & T1 & T2); split.
    - apply (affine_combination d (coordinate_fn b 0 1 i) (coordinate_fn b 0 1 j) _
               (beta - alpha + tau) (- tau) alpha); auto using coordinate_affine.
      intros z; unfold reach, coordinate_fn; ring.
    - pose proof (flip_max d b K) as FM; pose proof (flip_min d b K) as Fm; unfold near, reach.
      rewrite (FM i Hi), (FM j Hj), (Fm i Hi), (Fm j Hj); unfold ones, zeros.
      split; [ring | split; [ring|]].
      intros z Cz; pose proof (flip_cube d b z Cz i Hi); pose proof (flip_cube d b z Cz j Hj); nra.
  Qed.

  (** A member is alpha + sum s_k x'_k in the flipped coordinates x', where the s_k add up to
      beta - alpha and their negative parts to at most tau. *)
  Lemma affine_near_sound f x u v :
    affine d f -> near d (opposite b) b alpha beta lo hi f -> cube d x ->
    u <= v -> (forall k, (k < d)%nat -> u <= flip b x k <= v) ->
    alpha + (beta - alpha) * u - tau * (v - u) <= f x <= alpha + (beta - alpha) * v + tau * (v - u).
  Proof.
    intros (_ & w & c & F) (Fa & Fb & B) Cx Huv X.
    pose proof (corner_cube d b K) as Cb; pose proof (opposite_cube d b Cb) as Ca.
    set (s := fun k => if Req_EM_T (b k) 1 then w k else - w k).
    assert (G : forall z, cube d z -> f z = alpha + sumn d (fun k => s k * flip b z k)).
    { intros z Cz; rewrite <- Fa, (F z Cz), (F _ Ca).
      assert (E : sumn d (fun k => s k * flip b z k)
                  = sumn d (fun i => w i * z i) - sumn d (fun i => w i * opposite b i));
        [|rewrite E; ring].
      rewrite sumn_minus; apply sumn_ext; intros k Hk; unfold s, flip, opposite.
      destruct (K k Hk) as [Q | Q]; destruct Req_EM_T; rewrite ?Q in *; lra. }
    assert (S : sumn d s = beta - alpha).
    { rewrite (G b Cb) in Fb; rewrite (sumn_ext d _ s) in Fb; [lra|].
      intros k Hk; rewrite (flip_max d b K k Hk); unfold ones; ring. }
    set (neg := fun k => Rmax 0 (- s k)).
    set (y := flip b (fun k => if Rle_dec 0 (s k) then 0 else 1)).
    assert (Cy : cube d y) by (apply flip_cube; intros k _; destruct Rle_dec; lra).
    assert (Ey : f y = alpha - sumn d neg).
    { rewrite (G y Cy); replace (alpha - sumn d neg) with (alpha + -1 * sumn d neg) by ring.
      rewrite <- sumn_scal; f_equal; apply sumn_ext; intros k _; unfold neg, y.
      rewrite flip_involutive; unfold Rmax; repeat destruct Rle_dec; lra. }
    set (z := flip b (fun k => if Rle_dec 0 (s k) then 1 else 0)).
    assert (Cz : cube d z) by (apply flip_cube; intros k _; destruct Rle_dec; lra).
    assert (Ez : f z = beta + sumn d neg).
    { rewrite (G z Cz); replace (beta + sumn d neg) with (alpha + (sumn d s + sumn d neg)) by lra.
      rewrite <- sumn_plus; f_equal; apply sumn_ext; intros k _; unfold neg, z.
      rewrite flip_involutive; unfold Rmax; repeat destruct Rle_dec; lra. }
    assert (T : sumn d neg <= tau).
    { pose proof (B y Cy); pose proof (B z Cz); unfold tau; apply Rmin_glb; lra. }
    rewrite (G x Cx).
    assert (Up : sumn d (fun k => s k * flip b x k) <= sumn d (fun k => v * s k + (v - u) * neg k)).
    { apply sumn_le; intros k Hk; specialize (X k Hk); unfold neg, Rmax; destruct Rle_dec; nra. }
    assert (Lo : sumn d (fun k => u * s k - (v - u) * neg k) <= sumn d (fun k => s k * flip b x k)).
    { apply sumn_le; intros k Hk; specialize (X k Hk); unfold neg, Rmax; destruct Rle_dec; nra. }
    rewrite sumn_plus, !sumn_scal, S in Up; rewrite <- sumn_minus, !sumn_scal, S in Lo; nra.
  Qed.

  Theorem affine_near_fibre x u v :
    cube d x -> smallest_of d (flip b x) u -> largest_of d (flip b x) v ->
    forall y,
    ((exists f, affine d f /\ near d (opposite b) b alpha beta lo hi f /\ f x = y) <->
     alpha + (beta - alpha) * u - tau * (v - u) <= y <= alpha + (beta - alpha) * v + tau * (v - u)).
  Proof.
    intros Cx ((j & Hj & Ej) & Su) ((i & Hi & Ei) & Sv) y; split.
    - intros (f & A & N & <-); apply affine_near_sound; auto.
      rewrite <- Ei; auto.
    - intros Hy; destruct (reach_member i j Hi Hj) as (A & N).
      destruct (reach_member j i Hj Hi) as (A' & N').
      destruct (between_members (fun f => affine d f /\ near d (opposite b) b alpha beta lo hi f)
                  (reach i j) (reach j i) x y) as (f & (Af & Nf) & E); auto.
      + intros eta He; split; [apply affine_mix; auto|].
        destruct N as (Na & Nb & B), N' as (Na' & Nb' & B'); unfold near, mix.
        rewrite Na, Na', Nb, Nb'; split; [ring | split; [ring|]].
        intros z Cz; specialize (B z Cz); specialize (B' z Cz); nra.
      + unfold reach; rewrite Ei, Ej; lra.
      + exists f; auto.
  Qed.
End AffineNear.

(** ** affine, d = 1, values known up to sigma *)

(** The fitted line is right up to sigma, but the side within sigma of the midrange is not
    known. *)
Definition fitted (alpha beta : R) : fn := fun z => alpha + (beta - alpha) * z 0%nat.

Lemma fitted_affine alpha beta : affine 1 (fitted alpha beta).
Proof.
  apply (affine_of 1 _ (fun _ => beta - alpha) alpha); intros z; unfold fitted; simpl; ring.
Qed.

Theorem noisy_line_side alpha beta sigma lo hi x :
  cube 1 x -> alpha < beta -> lo <= alpha - sigma -> beta + sigma <= hi ->
  Rabs (fitted alpha beta x - (alpha + beta) / 2) < sigma ->
  exists f g, affine 1 f /\ affine 1 g /\
    consistent 1 lo hi (two zeros ones alpha beta sigma) f /\
    consistent 1 lo hi (two zeros ones alpha beta sigma) g /\
    apart side (shown 1 zeros ones alpha beta) (f x) (g x).
Proof.
  intros Cx H Hl Hh A; assert (F : forall e, - sigma <= e <= sigma ->
    consistent 1 lo hi (two zeros ones alpha beta sigma) (fitted (alpha + e) (beta + e))).
  { intros e He; split; unfold fitted.
    - intros z Cz; specialize (Cz 0%nat Nat.lt_0_1); nra.
    - intros s l u [E | [E | []]]; injection E; intros; subst; unfold zeros, ones; lra. }
  assert (0 < sigma) by (revert A; unfold Rabs; destruct Rcase_abs; lra).
  exists (fitted (alpha + sigma) (beta + sigma)), (fitted (alpha + - sigma) (beta + - sigma)).
  do 2 (split; [apply fitted_affine|]); split; [apply F; lra|]; split; [apply F; lra|].
  simpl; unfold mid; simpl; revert A; unfold fitted, Rabs; destruct Rcase_abs; lra.
Qed.

Theorem noisy_line_approx alpha beta sigma lo hi x f :
  affine 1 f -> cube 1 x -> consistent 1 lo hi (two zeros ones alpha beta sigma) f ->
  Rabs (fitted alpha beta x - f x) <= sigma.
Proof.
  intros (_ & w & c & H) Cx (_ & F).
  pose proof (F zeros _ _ (or_introl eq_refl)) as F0.
  pose proof (F ones _ _ (or_intror (or_introl eq_refl))) as F1.
  rewrite (H _ (cube_zeros 1)) in F0; rewrite (H _ (cube_ones 1)) in F1; rewrite (H x Cx).
  unfold zeros, ones, fitted in *; simpl in *; specialize (Cx 0%nat Nat.lt_0_1); apply Rabs_le; nra.
Qed.
