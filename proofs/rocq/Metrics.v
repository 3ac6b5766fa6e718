(** * Metrics on the box

    Definitions: [metric d dist] (the axioms, on the box), the three usual instances
    [l1], [l2], [linf], collected in [norm] with [distance].

    Main results: [l1_metric], [l2_metric] (the triangle inequality from
    Cauchy-Schwarz, [cauchy_schwarz]), [linf_metric]; [distance_metric];
    [distance_half_way]: for each of them and every d >= 1 there are two points of the
    box and a third one half-way between them. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Networks Hats.
Open Scope R_scope.

Record metric (d : nat) (dist : point -> point -> R) : Prop := {
  metric_zero : forall y z, cube d y -> cube d z -> (dist y z = 0 <-> peq d y z);
  metric_sym : forall y z, cube d y -> cube d z -> dist y z = dist z y;
  metric_triangle : forall w y z, cube d w -> cube d y -> cube d z ->
    dist w z <= dist w y + dist y z
}.

Lemma metric_nonneg d dist y z : metric d dist -> cube d y -> cube d z -> 0 <= dist y z.
Proof.
  intros Me Cy Cz; pose proof (metric_triangle _ _ Me y z y Cy Cz Cy).
  rewrite (metric_sym _ _ Me z y Cz Cy), (proj2 (metric_zero _ _ Me y y Cy Cy) (peq_refl d y)) in *.
  lra.
Qed.

Lemma metric_pos d dist y z : metric d dist -> cube d y -> cube d z -> ~ peq d y z -> 0 < dist y z.
Proof.
  intros Me Cy Cz N; destruct (metric_nonneg d dist y z Me Cy Cz) as [|E]; [assumption|].
  exfalso; apply N, (metric_zero _ _ Me y z Cy Cz); auto.
Qed.

(** ** l1 *)

Definition l1 (d : nat) (y z : point) : R := sumn d (fun i => Rabs (y i - z i)).

Theorem l1_metric d : metric d (l1 d).
Proof.
  split; intros; [apply dist1_zero | apply dist1_sym | apply dist1_triangle].
Qed.

(** ** l_inf *)

Fixpoint linf (d : nat) (y z : point) : R :=
  match d with
  | O => 0
  | S n => Rmax (linf n y z) (Rabs (y n - z n))
  end.

Lemma linf_le d y z c :
  0 <= c -> (linf d y z <= c <-> forall i, (i < d)%nat -> Rabs (y i - z i) <= c).
Proof.
  intros Hc; induction d as [|d IH]; simpl; [split; [intros _ i Hi; lia | lra]|].
  pose proof (Rmax_l (linf d y z) (Rabs (y d - z d))).
  pose proof (Rmax_r (linf d y z) (Rabs (y d - z d))); split.
  - intros L i Hi; destruct (Nat.eq_dec i d) as [-> | n]; [lra|].
    apply IH; [lra | lia].
  - intros L; apply Rmax_lub; [apply IH; intros i Hi; apply L; lia | apply L; lia].
Qed.

Lemma linf_nonneg d y z : 0 <= linf d y z.
Proof. induction d; simpl; [lra|]; eapply Rle_trans; [eassumption | apply Rmax_l]. Qed.

Lemma linf_coordinate d y z i : (i < d)%nat -> Rabs (y i - z i) <= linf d y z.
Proof. intros Hi; apply (linf_le d y z); [apply linf_nonneg | lra | exact Hi]. Qed.

Theorem linf_metric d : metric d (linf d).
Proof.
  split; intros.
  - split.
    + intros E i Hi; pose proof (linf_coordinate d y z i Hi) as L; rewrite E in L.
      revert L; unfold Rabs; destruct Rcase_abs; lra.
    + intros E; apply Rle_antisym; [|apply linf_nonneg]; apply linf_le; [lra|].
      intros i Hi; rewrite (E i Hi), Rminus_diag_eq, Rabs_R0 by reflexivity; lra.
  - induction d as [|d IH]; simpl; [reflexivity|].
    rewrite IH, Rabs_minus_sym; [reflexivity | |]; intros i Hi; auto.
  - pose proof (linf_nonneg d w y); pose proof (linf_nonneg d y z).
    apply linf_le; [lra|]; intros i Hi.
    pose proof (linf_coordinate d w y i Hi); pose proof (linf_coordinate d y z i Hi).
    replace (w i - z i) with ((w i - y i) + (y i - z i)) by ring.
    eapply Rle_trans; [apply Rabs_triang | lra].
Qed.

(** ** l2 *)

Definition dot_product (d : nat) (u v : nat -> R) : R := sumn d (fun i => u i * v i).

Definition l2 (d : nat) (y z : point) : R :=
  sqrt (dot_product d (fun i => y i - z i) (fun i => y i - z i)).

Lemma dot_self d u : 0 <= dot_product d u u.
Proof. apply sumn_nonneg; intros; apply Rle_0_sqr. Qed.

Lemma dot_expand d u v t :
  dot_product d (fun i => u i + t * v i) (fun i => u i + t * v i)
  = dot_product d u u + 2 * t * dot_product d u v + t * t * dot_product d v v.
Proof.
  unfold dot_product; rewrite <- !sumn_scal, <- !sumn_plus; apply sumn_ext; intros; ring.
Qed.

Theorem cauchy_schwarz d u v :
  dot_product d u v * dot_product d u v <= dot_product d u u * dot_product d v v.
Proof.
  set (p := dot_product d u u); set (q := dot_product d u v); set (r := dot_product d v v).
  assert (G : forall t, 0 <= p + 2 * t * q + t * t * r)
    by (intros t; unfold p, q, r; rewrite <- dot_expand; apply dot_self).
  assert (Hr : 0 <= r) by apply dot_self.
  destruct Hr as [Hr | Z].
  - specialize (G (- q / r)).
    replace (p + 2 * (- q / r) * q + - q / r * (- q / r) * r) with (p - q * q / r) in G
      by (field; lra).
    assert (E : q * q / r * r = q * q) by (field; lra); nra.
  - rewrite <- Z in *; destruct (Req_dec q 0) as [-> | N]; [lra|].
    pose proof (G (- (p + 1) / (2 * q))) as K.
    replace (p + 2 * (- (p + 1) / (2 * q)) * q + _ * 0) with (-1) in K by (field; exact N); lra.
Qed.

Theorem l2_metric d : metric d (l2 d).
Proof.
  split; intros.
  - unfold l2; split.
    + intros E; apply sqrt_eq_0 in E; [|apply dot_self]; intros i Hi.
      pose proof (sumn_zero d _ (fun k _ => Rle_0_sqr (y k - z k)) E i Hi) as Q; simpl in Q.
      apply Rsqr_0_uniq in Q; lra.
    + intros E; rewrite <- sqrt_0; f_equal; unfold dot_product.
      rewrite (sumn_ext d _ (fun _ => 0)), sumn_const; [lra|].
      intros i Hi; rewrite (E i Hi); ring.
  - unfold l2; f_equal; apply sumn_ext; intros; ring.
  - set (u := fun i => w i - y i); set (v := fun i => y i - z i).
    assert (E : l2 d w z = sqrt (dot_product d u u + 2 * 1 * dot_product d u v
                                 + 1 * 1 * dot_product d v v)).
    { unfold l2; f_equal; rewrite <- dot_expand; apply sumn_ext; intros; unfold u, v; ring. }
    change (l2 d w y) with (sqrt (dot_product d u u)).
    change (l2 d y z) with (sqrt (dot_product d v v)); rewrite E.
    pose proof (dot_self d u) as Hu; pose proof (dot_self d v) as Hv.
    pose proof (cauchy_schwarz d u v) as CS.
    pose proof (sqrt_pos (dot_product d u u)) as Su; pose proof (sqrt_pos (dot_product d v v)) as Sv.
    pose proof (sqrt_sqrt _ Hu) as Eu; pose proof (sqrt_sqrt _ Hv) as Ev.
    set (p := sqrt (dot_product d u u)) in *; set (q := sqrt (dot_product d v v)) in *.
    assert (Q : dot_product d u v <= p * q).
    { destruct (Rle_dec (dot_product d u v) (p * q)) as [|N]; [assumption | exfalso].
      assert (0 <= p * q) by (apply Rmult_le_pos; assumption).
      assert (p * q * (p * q) < dot_product d u v * dot_product d u v)
        by (apply Rmult_le_0_lt_compat; lra).
      rewrite <- Eu, <- Ev in CS; nra. }
    rewrite <- (sqrt_square (p + q)) by lra; apply sqrt_le_1_alt; nra.
Qed.

(** ** The three together *)

Inductive norm := L1 | L2 | Linf.

Definition distance (n : norm) : nat -> point -> point -> R :=
  match n with L1 => l1 | L2 => l2 | Linf => linf end.

Theorem distance_metric n d : metric d (distance n d).
Proof. destruct n; [apply l1_metric | apply l2_metric | apply linf_metric]. Qed.

(** [x] lies half-way between [a] and [b]. *)
Definition between (dist : point -> point -> R) (a x b : point) : Prop :=
  dist x a = dist a b / 2 /\ dist x b = dist a b / 2.

(** Points that differ in the first coordinate only. *)
Definition first_axis (t : R) : point := fun i => if Nat.eqb i 0 then t else 0.

Lemma first_axis_cube d t : 0 <= t <= 1 -> cube d (first_axis t).
Proof. intros H i _; unfold first_axis; destruct Nat.eqb; lra. Qed.

Lemma first_axis_distance n d s t :
  (1 <= d)%nat -> distance n d (first_axis s) (first_axis t) = Rabs (s - t).
Proof.
  intros Hd; destruct n; simpl.
  - unfold l1; rewrite (sumn_single d 0); [reflexivity | lia |].
    intros i _ N; unfold first_axis; destruct (Nat.eqb_spec i 0); [contradiction|].
    rewrite Rminus_diag_eq, Rabs_R0; reflexivity.
  - unfold l2, dot_product; rewrite (sumn_single d 0); [apply sqrt_Rsqr_abs | lia |].
    intros i _ N; unfold first_axis; destruct (Nat.eqb_spec i 0); [contradiction | ring].
  - apply Rle_antisym.
    + apply linf_le; [apply Rabs_pos|]; intros i _; unfold first_axis; destruct Nat.eqb; [lra|].
      rewrite Rminus_diag_eq, Rabs_R0 by reflexivity; apply Rabs_pos.
    + exact (linf_coordinate d (first_axis s) (first_axis t) 0 Hd).
Qed.

Theorem distance_half_way n d :
  (1 <= d)%nat ->
  exists a x b, cube d a /\ cube d x /\ cube d b /\
    0 < distance n d a b /\ between (distance n d) a x b.
Proof.
  intros Hd; exists (first_axis 0), (first_axis (1 / 2)), (first_axis 1).
  unfold between; rewrite !first_axis_distance by exact Hd.
  do 3 (split; [apply first_axis_cube; lra|]).
  repeat split; unfold Rabs; repeat destruct Rcase_abs; lra.
Qed.
