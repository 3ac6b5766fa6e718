(** * Values at two points, and a promise: pictures that stopped short of the extremes

    Definitions:
    - [near d a b alpha beta lo hi f]: f is alpha at a and beta at b, and stays in [lo, hi], two
      numbers that are known, as certified interval bounds are. Nothing says that a and b are
      the extremes of f.
    - [decidable_near], [undecidable_near], [decodes_near]: as for the extremes, over all members
      that are near. Right and wrong are relative to what is shown: to beta - alpha and to
      (alpha + beta)/2, the range and the midrange of [shown d a b alpha beta]. A decoder gets
      a, b, alpha, beta, lo, hi and x. [decodes_near] supposes that the two values differ or
      that the unit is constant.
    - [two_points]: the line through the two shown values.

    Main results: [near_no] (every No of the extremes stays, for every promise), [near_yes] (a Yes
    passes up); [affine_1d_exact_near], [affine_1d_approx_near], [affine_1d_side_near],
    [constant_exact_near], [constant_approx_near], [constant_side_near] (Yes);
    [lipschitz_side_near] (the threshold is that of the extremes, whatever lo and hi are);
    [lower_bound_side]: for one unit f of which a quotient |f(y) - f(z)| / |y - z| is known, the
    side at x is undecidable for every L that f allows, if x is far from a and b.

    Reference for the table: Geirhos et al., ICML 2024. The rest is this project's own. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Affine Line Metrics Lipschitz.
Open Scope R_scope.

Definition near (d : nat) (a b : point) (alpha beta lo hi : R) (f : fn) : Prop :=
  f a = alpha /\ f b = beta /\ forall z, cube d z -> lo <= f z <= hi.

(** A decoder is shown a, b, alpha, beta, lo and hi. *)
Definition near_decoder (T : task) : Type :=
  point -> point -> R -> R -> R -> R -> point -> answer T.

Definition decidable_near (T : task) (C : class) (d : nat) (a b : point) (alpha beta lo hi : R)
    (x : point) : Prop :=
  exists t : answer T, forall f, C f -> near d a b alpha beta lo hi f ->
    correct T (shown d a b alpha beta) (f x) t.

Definition undecidable_near (T : task) (C : class) (d : nat) (a b : point) (alpha beta lo hi : R)
    (x : point) : Prop :=
  (exists f g, C f /\ C g /\ near d a b alpha beta lo hi f /\ near d a b alpha beta lo hi g /\
     apart T (shown d a b alpha beta) (f x) (g x)) /\
  (forall D : near_decoder T, exists f, C f /\ near d a b alpha beta lo hi f /\
     ~ correct T (shown d a b alpha beta) (f x) (D a b alpha beta lo hi x)).

Definition decodes_near (T : task) (C : class) (d : nat) (D : near_decoder T) : Prop :=
  forall f a b alpha beta lo hi x,
    C f -> near d a b alpha beta lo hi f -> alpha < beta \/ constant d f ->
    cube d a -> cube d b -> cube d x ->
    correct T (shown d a b alpha beta) (f x) (D a b alpha beta lo hi x).

Lemma near_pair T (C : class) d a b alpha beta lo hi x f g :
  C f -> C g -> near d a b alpha beta lo hi f -> near d a b alpha beta lo hi g ->
  apart T (shown d a b alpha beta) (f x) (g x) ->
  undecidable_near T C d a b alpha beta lo hi x.
Proof.
  intros Cf Cg Nf Ng A; split; [exists f, g; auto|].
  intros D; destruct (correct_dec T (shown d a b alpha beta) (f x) (D a b alpha beta lo hi x))
    as [Hf | Hf].
  - exists g; split; [|split]; auto; intros Hg; exact (apart_no_answer T _ _ _ _ A Hf Hg).
  - exists f; auto.
Qed.

Lemma decidable_not_undecidable_near T (C : class) d a b alpha beta lo hi x :
  decidable_near T C d a b alpha beta lo hi x -> ~ undecidable_near T C d a b alpha beta lo hi x.
Proof.
  intros (t & H) ((f & g & Cf & Cg & Nf & Ng & A) & _).
  exact (apart_no_answer T _ _ _ t A (H f Cf Nf) (H g Cg Ng)).
Qed.

(** A unit with these extremes is near, for every promise that holds for it. *)
Lemma represents_near d a b m M lo hi f :
  represents d (shown d a b m M) f -> lo <= m -> M <= hi -> near d a b m M lo hi f.
Proof.
  intros Rf Hl Hh; pose proof Rf as (B & _ & _ & (p & Cp & P) & (q & Cq & Q)); simpl in P, Q.
  assert (Ca : cube d a) by exact (peq_cube d p a (peq_sym d a p P) Cp).
  assert (Cb : cube d b) by exact (peq_cube d q b (peq_sym d b q Q) Cq).
  split; [exact (represents_a d a b m M f Ca Rf a (peq_refl d a))|].
  split; [exact (represents_b d a b m M f Cb Rf b (peq_refl d b))|].
  intros z Cz; specialize (B z Cz); simpl in B; lra.
Qed.

Theorem near_no T (C : class) d a b m M lo hi x :
  undecidable T C d (shown d a b m M) x -> lo <= m -> M <= hi ->
  undecidable_near T C d a b m M lo hi x.
Proof.
  intros ((f & g & Cf & Cg & Rf & Rg & A) & _) Hl Hh.
  apply (near_pair T C d a b m M lo hi x f g); auto using represents_near.
Qed.

Theorem near_yes T (C : class) d a b m M lo hi x :
  decidable_near T C d a b m M lo hi x -> lo <= m -> M <= hi ->
  decidable T C d (shown d a b m M) x.
Proof. intros (t & H) Hl Hh; exists t; auto using represents_near. Qed.

Lemma decodes_near_decidable T C d D a b alpha beta lo hi x :
  decodes_near T C d D -> alpha < beta -> cube d a -> cube d b -> cube d x ->
  decidable_near T C d a b alpha beta lo hi x.
Proof. intros H O Ca Cb Cx; exists (D a b alpha beta lo hi x); intros f Cf N; apply H; auto. Qed.

(** ** affine, d = 1, and constant *)

Definition two_points (a b : point) (alpha beta lo hi : R) (x : point) : R :=
  alpha + (beta - alpha) * ((x 0%nat - a 0%nat) / (b 0%nat - a 0%nat)).

(** A constant unit shows the same value twice. *)
Lemma near_ordered d a b alpha beta lo hi f :
  near d a b alpha beta lo hi f -> alpha < beta \/ constant d f -> cube d a -> cube d b ->
  alpha <= beta.
Proof.
  intros (Fa & Fb & _) [|(c & H)] Ca Cb; [lra|].
  rewrite (H a Ca) in Fa; rewrite (H b Cb) in Fb; lra.
Qed.

Lemma exact_approx_near C d D eps :
  0 <= eps -> decodes_near exact C d D -> decodes_near (approx eps) C d D.
Proof.
  intros He H f a b alpha beta lo hi x Cf N O Ca Cb Cx; simpl.
  rewrite (H f a b alpha beta lo hi x Cf N O Ca Cb Cx), Rminus_diag_eq, Rabs_R0 by reflexivity.
  pose proof (near_ordered d a b alpha beta lo hi f N O Ca Cb); unfold range; simpl; nra.
Qed.

Lemma exact_side_near C d D :
  decodes_near exact C d D ->
  decodes_near side C d
    (fun a b alpha beta lo hi x => nearer_half alpha beta (D a b alpha beta lo hi x)).
Proof.
  intros H f a b alpha beta lo hi x Cf N O Ca Cb Cx; simpl; unfold nearer_half.
  rewrite (H f a b alpha beta lo hi x Cf N O Ca Cb Cx); unfold mid; simpl; destruct Rle_dec; lra.
Qed.

Theorem affine_1d_exact_near : decodes_near exact (affine 1) 1 two_points.
Proof.
  intros f a b alpha beta lo hi x (_ & w & c & H) (Fa & Fb & _) O Ca Cb Cx.
  unfold two_points; simpl.
  destruct O as [O | (e & K)].
  - rewrite (H a Ca) in Fa; rewrite (H b Cb) in Fb; rewrite (H x Cx); simpl in *.
    assert (b 0%nat - a 0%nat <> 0)
      by (intros Z; replace (b 0%nat) with (a 0%nat) in Fb by lra; lra).
    rewrite <- Fa, <- Fb; field; assumption.
  - rewrite <- Fa, <- Fb, (K a Ca), (K b Cb), (K x Cx); ring.
Qed.

Theorem affine_1d_approx_near :
  forall eps, 0 <= eps -> decodes_near (approx eps) (affine 1) 1 two_points.
Proof. intros eps He; exact (exact_approx_near _ _ _ eps He affine_1d_exact_near). Qed.

Theorem affine_1d_side_near :
  decodes_near side (affine 1) 1
    (fun a b alpha beta lo hi x => nearer_half alpha beta (two_points a b alpha beta lo hi x)).
Proof. exact (exact_side_near _ _ _ affine_1d_exact_near). Qed.

Theorem constant_exact_near :
  forall d, (1 <= d)%nat -> decodes_near exact (constant d) d (fun _ _ alpha _ _ _ _ => alpha).
Proof.
  intros d _ f a b alpha beta lo hi x (c & H) (Fa & _) _ Ca Cb Cx; simpl.
  rewrite <- Fa, (H a Ca), (H x Cx); reflexivity.
Qed.

Theorem constant_approx_near :
  forall d eps, (1 <= d)%nat -> 0 <= eps ->
  decodes_near (approx eps) (constant d) d (fun _ _ alpha _ _ _ _ => alpha).
Proof. intros d eps Hd He; exact (exact_approx_near _ _ _ eps He (constant_exact_near d Hd)). Qed.

Theorem constant_side_near :
  forall d, (1 <= d)%nat ->
  decodes_near side (constant d) d (fun _ _ alpha beta _ _ _ => nearer_half alpha beta alpha).
Proof. intros d Hd; exact (exact_side_near _ _ _ (constant_exact_near d Hd)). Qed.

(** ** lipschitz *)

Theorem lipschitz_side_near :
  forall d dist L a b alpha beta lo hi,
  (1 <= d)%nat -> metric d dist -> 0 < L ->
  cube d a -> cube d b -> alpha < beta -> beta - alpha <= L * dist a b ->
  lo <= alpha -> beta <= hi ->
  forall x, cube d x ->
  (L * Rmin (dist x a) (dist x b) > (beta - alpha) / 2 ->
     undecidable_near side (lipschitz dist L d) d a b alpha beta lo hi x) /\
  (decidable_near side (lipschitz dist L d) d a b alpha beta lo hi x <->
     L * Rmin (dist x a) (dist x b) <= (beta - alpha) / 2).
Proof.
  intros d dist L a b alpha beta lo hi Hd Me HL Ca Cb H F Hl Hh x Cx.
  destruct (lipschitz_side d dist L a b alpha beta Hd Me HL Ca Cb H F x Cx) as (No & Yes).
  split; [intros A; apply near_no; auto|].
  split; [intros A; apply Yes; eapply near_yes; eauto|]; intros A.
  assert (S : forall f z y, lipschitz dist L d f -> cube d z -> f z = y ->
     f x <= y + L * dist x z /\ y - L * dist x z <= f x).
  { intros f z y (_ & K) Cz <-; specialize (K x z Cx Cz).
    revert K; unfold Rabs; destruct Rcase_abs; lra. }
  destruct (Rmin_or (dist x a) (dist x b)) as [E | E]; rewrite E in A;
    [exists Lower | exists Upper]; intros f Cf (Fa & Fb & _); simpl; unfold mid; simpl;
    [apply (S f a) in Fa | apply (S f b) in Fb]; auto; lra.
Qed.

(** ** One trained unit *)

(** Every L for which f is L-Lipschitz is at least the quotient of f at any two inputs. *)
Theorem lower_bound_side d dist f a b alpha beta lo hi x y z low :
  (1 <= d)%nat -> metric d dist -> cube d a -> cube d b -> cube d x -> cube d y -> cube d z ->
  alpha < beta -> near d a b alpha beta lo hi f ->
  0 < dist y z -> 0 < low -> low * dist y z <= Rabs (f y - f z) ->
  low * Rmin (dist x a) (dist x b) > (beta - alpha) / 2 ->
  forall L, lipschitz dist L d f ->
  undecidable_near side (lipschitz dist L d) d a b alpha beta lo hi x.
Proof.
  intros Hd Me Ca Cb Cx Cy Cz H (Fa & Fb & B) P Hlow Q K L Lf; pose proof (proj2 Lf) as G.
  pose proof (G y z Cy Cz) as Gyz; pose proof (G a b Ca Cb) as Gab; rewrite Fa, Fb in Gab.
  assert (low <= L) by nra; pose proof (B a Ca); pose proof (B b Cb).
  assert (0 <= Rmin (dist x a) (dist x b)) by (apply Rmin_glb; apply (metric_nonneg d dist);
    assumption).
  apply lipschitz_side_near; auto; try lra; [|nra].
  revert Gab; unfold Rabs; destruct Rcase_abs; lra.
Qed.
