(** * Row monotone

    Definitions: the class [monotone d] (coordinatewise nondecreasing), the triple
    [early], [late], [mean_fn], [two_unit_network].

    With q = mean(x): [early] rises with the mean until it saturates at q, [late]
    starts to rise at q, so early(x) = M and late(x) = m.

    Main results: [monotone_exact], [monotone_approx], [monotone_side];
    [monotone_extremes] (unique extremes can only lie at 0 and 1: the image says
    nothing); [two_units_suffice] (the pair is computed by ReLU networks with
    one hidden layer of two units).

    Reference for the table: Geirhos et al., ICML 2024. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Networks.
Import ListNotations.
Open Scope R_scope.

Definition monotone (d : nat) (f : fn) : Prop :=
  ext d f /\
  forall y z, cube d y -> cube d z -> (forall i, (i < d)%nat -> y i <= z i) -> f y <= f z.

Theorem monotone_extremes d a b m M f :
  monotone d f -> cube d a -> cube d b -> represents d (shown d a b m M) f ->
  peq d a zeros /\ peq d b ones.
Proof.
  intros (_ & Mono) Ca Cb Rf; pose proof Rf as (B & Hm & HM & _); simpl in *; split.
  - apply Hm; [apply cube_zeros|].
    assert (f zeros <= f a) by (apply Mono; auto using cube_zeros; intros i Hi; apply Ca, Hi).
    rewrite (represents_a d a b m M f Ca Rf a (peq_refl d a)) in *.
    specialize (B zeros (cube_zeros d)); lra.
  - apply HM; [apply cube_ones|].
    assert (f b <= f ones) by (apply Mono; auto using cube_ones; intros i Hi; apply Cb, Hi).
    rewrite (represents_b d a b m M f Cb Rf b (peq_refl d b)) in *.
    specialize (B ones (cube_ones d)); lra.
Qed.

(** ** The triple *)

Definition mean_fn (d : nat) (m M : R) : fn := fun z => m + (M - m) * mean d z.

Definition early (d : nat) (q m M : R) : fn := fun z => m + (M - m) * Rmin 1 (mean d z / q).

Definition late (d : nat) (q m M : R) : fn :=
  fun z => m + (M - m) * Rmax 0 ((mean d z - q) / (1 - q)).

(** Two hidden units, relu(mean z) and relu(mean z - q). *)
Definition two_unit_network (d : nat) (q c alpha beta : R) : network :=
  Network [ [ (map (fun _ => / INR d) (seq 0 d), 0);
              (map (fun _ => / INR d) (seq 0 d), - q) ] ]
          ([alpha; beta], c).

Lemma two_unit_network_computes d q c alpha beta z :
  denote d (two_unit_network d q c alpha beta) z
  = c + alpha * relu (mean d z) + beta * relu (mean d z - q).
Proof.
  unfold denote, run, two_unit_network; simpl hidden; simpl output; simpl fold_left.
  rewrite !fire_coords, !sumn_scal.
  replace (mean d z) with (/ INR d * sumn d z) by apply Rmult_comm.
  unfold fire; simpl; rewrite Rplus_0_r; unfold Rminus; ring.
Qed.

Definition monotone_two_units (d : nat) (f : fn) : Prop :=
  monotone d f /\ network_of_widths d [2%nat] f.

Lemma two_units_class d f q c alpha beta :
  (1 <= d)%nat -> 0 <= alpha -> 0 <= alpha + beta ->
  (forall z, cube d z ->
     f z = c + alpha * relu (mean d z) + beta * relu (mean d z - q)) ->
  monotone_two_units d f.
Proof.
  intros Hd Ha Hb H.
  assert (N : network_of_widths d [2%nat] f).
  { change [2%nat] with (widths (two_unit_network d q c alpha beta)).
    apply network_computes.
    - simpl; repeat constructor; simpl; rewrite map_length, seq_length; reflexivity.
    - intros z Cz; rewrite two_unit_network_computes; auto. }
  split; [|exact N]; split; [apply N|]; intros y z Cy Cz L.
  rewrite (H y Cy), (H z Cz); pose proof (mean_le d y z Hd L).
  pose proof (mean_range d y Hd Cy).
  rewrite !(relu_nonneg (mean d _)) by lra.
  unfold relu, Rmax; repeat destruct Rle_dec; nra.
Qed.

Section Triple.
  Variables (d : nat) (x : point) (m M : R).
  Hypothesis Hd : (1 <= d)%nat.
  Hypothesis Cx : cube d x.
  Hypothesis Nx0 : ~ peq d zeros x.
  Hypothesis Nx1 : ~ peq d ones x.
  Hypothesis HmM : m < M.

  Let q := mean d x.

  Lemma mean_inside : 0 < q < 1.
  Proof.
    pose proof (mean_range d x Hd Cx); unfold q.
    destruct (Req_dec (mean d x) 0); [exfalso; apply Nx0, mean_zero; auto|].
    destruct (Req_dec (mean d x) 1); [exfalso; apply Nx1, mean_one; auto|].
    lra.
  Qed.

  Lemma early_late_range z : cube d z -> 0 <= Rmin 1 (mean d z / q) <= 1 /\
    0 <= Rmax 0 ((mean d z - q) / (1 - q)) <= 1.
  Proof.
    intros Cz; pose proof mean_inside; pose proof (mean_range d z Hd Cz).
    assert (0 <= mean d z / q) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
    assert ((mean d z - q) / (1 - q) <= 1).
    { apply (Rmult_le_reg_r (1 - q)); [lra|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra. }
    unfold Rmin, Rmax; repeat destruct Rle_dec; lra.
  Qed.

  Lemma monotone_triple :
    triple (monotone_two_units d) d zeros ones m M (early d q m M) (late d q m M) (mean_fn d m M).
  Proof.
    pose proof mean_inside as Hq.
    assert (M0 : mean d zeros = 0) by apply (mean_const d 0 Hd).
    assert (M1 : mean d ones = 1) by apply (mean_const d 1 Hd).
    constructor; auto using cube_zeros, cube_ones.
    - intros f ((E & _) & _); exact E.
    - split; [|unfold early; rewrite M0, M1].
      + intros z Cz; pose proof (early_late_range z Cz); unfold early; nra.
      + replace (0 / q) with 0 by (field; lra).
        assert (1 <= 1 / q) by (apply (Rmult_le_reg_r q); [lra|]; unfold Rdiv;
          rewrite Rmult_assoc, Rinv_l; lra).
        rewrite Rmin_right, Rmin_left by lra; lra.
    - split; [|unfold late; rewrite M0, M1].
      + intros z Cz; pose proof (early_late_range z Cz); unfold late; nra.
      + assert ((0 - q) / (1 - q) <= 0) by (apply (Rmult_le_reg_r (1 - q)); [lra|]; unfold Rdiv;
          rewrite Rmult_assoc, Rinv_l; lra).
        replace ((1 - q) / (1 - q)) with 1 by (field; lra).
        rewrite Rmax_left, Rmax_right by lra; lra.
    - unfold mean_fn; split; [|rewrite M0, M1; lra].
      intros z Cz; pose proof (mean_range d z Hd Cz); nra.
    - unfold mean_fn; split; intros z Cz E; [apply mean_zero | apply mean_one]; auto; nra.
    - intros eta He.
      apply two_units_class with q m ((M - m) * ((1 - eta) / q + eta)) (- ((M - m) * ((1 - eta) / q)));
        auto.
      + apply Rmult_le_pos; [lra|]; assert (0 < (1 - eta) / q) by (apply Rdiv_lt_0_compat; lra); lra.
      + replace ((M - m) * ((1 - eta) / q + eta) + - ((M - m) * ((1 - eta) / q)))
          with ((M - m) * eta) by ring; nra.
      + intros z Cz; pose proof (mean_range d z Hd Cz).
        unfold mix, early, mean_fn; rewrite (relu_nonneg (mean d z)) by lra.
        destruct (Rle_dec (mean d z) q).
        * assert (mean d z / q <= 1) by (apply (Rmult_le_reg_r q); [lra|]; unfold Rdiv;
            rewrite Rmult_assoc, Rinv_l; lra).
          rewrite Rmin_right, relu_neg by lra; field; lra.
        * assert (1 <= mean d z / q) by (apply (Rmult_le_reg_r q); [lra|]; unfold Rdiv;
            rewrite Rmult_assoc, Rinv_l; lra).
          rewrite Rmin_left, relu_nonneg by lra; field; lra.
    - intros eta He.
      apply two_units_class with q m ((M - m) * eta) ((M - m) * ((1 - eta) / (1 - q))); auto.
      + nra.
      + assert (0 < (1 - eta) / (1 - q)) by (apply Rdiv_lt_0_compat; lra); nra.
      + intros z Cz; pose proof (mean_range d z Hd Cz).
        unfold mix, late, mean_fn; rewrite (relu_nonneg (mean d z)) by lra.
        destruct (Rle_dec (mean d z) q).
        * assert ((mean d z - q) / (1 - q) <= 0) by (apply (Rmult_le_reg_r (1 - q)); [lra|];
            unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra).
          rewrite Rmax_left, relu_neg by lra; ring.
        * assert (0 <= (mean d z - q) / (1 - q)) by (apply (Rmult_le_reg_r (1 - q)); [lra|];
            unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra).
          rewrite Rmax_right, relu_nonneg by lra; field; lra.
  Qed.

  Lemma early_late_x : early d q m M x = M /\ late d q m M x = m.
  Proof.
    pose proof mean_inside; unfold early, late; fold q.
    replace (q / q) with 1 by (field; lra); replace ((q - q) / (1 - q)) with 0 by (field; lra).
    rewrite Rmin_left, Rmax_left by lra; lra.
  Qed.

  (** Monotone networks with one hidden layer of two units. *)
  Theorem two_units_suffice T :
    demanding T -> undecidable T (monotone_two_units d) d (shown d zeros ones m M) x.
  Proof.
    intros HT; eapply triple_undecidable; [apply monotone_triple|].
    destruct early_late_x as (-> & ->); apply apart_extremes; assumption.
  Qed.

  Lemma monotone_all T :
    demanding T -> undecidable T (monotone d) d (shown d zeros ones m M) x.
  Proof.
    intros HT; eapply undecidable_larger; [|apply two_units_suffice, HT].
    intros f (H & _); exact H.
  Qed.
End Triple.

(** ** The row *)

Theorem monotone_exact :
  forall d x m M,
  (1 <= d)%nat -> cube d x -> ~ peq d zeros x -> ~ peq d ones x -> m < M ->
  undecidable exact (monotone d) d (shown d zeros ones m M) x.
Proof. intros; apply monotone_all; simpl; auto. Qed.

Theorem monotone_approx :
  forall d x m M eps,
  (1 <= d)%nat -> cube d x -> ~ peq d zeros x -> ~ peq d ones x -> m < M ->
  0 < eps < 1 / 2 ->
  undecidable (approx eps) (monotone d) d (shown d zeros ones m M) x.
Proof. intros; apply monotone_all; simpl; auto; lra. Qed.

Theorem monotone_side :
  forall d x m M,
  (1 <= d)%nat -> cube d x -> ~ peq d zeros x -> ~ peq d ones x -> m < M ->
  undecidable side (monotone d) d (shown d zeros ones m M) x.
Proof. intros; apply monotone_all; simpl; auto. Qed.
