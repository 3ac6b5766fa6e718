(** * Rows black-box, neural-network and piecewise-affine

    Main results: [black_box_exact], [black_box_approx], [black_box_side],
    [neural_network_exact], [neural_network_approx], [neural_network_side],
    [piecewise_affine_exact], [piecewise_affine_approx], [piecewise_affine_side].

    The pair is a sum of three hats, at a, b and x; it is a ReLU network with two
    hidden layers, every ReLU network is piecewise affine, and every class lies
    in the black-box class: one No is inherited by three rows.

    Reference for the table: Geirhos et al., ICML 2024. *)

From Coq Require Import Reals Lra Lia List.
From Trompe Require Import Points Tasks Triples Networks Hats PiecewiseAffine.
Import ListNotations.
Open Scope R_scope.

(** All functions on the box. *)
Definition black_box (d : nat) (f : fn) : Prop := ext d f.

(** Networks of a fixed shape already do: 6d units, then 3. *)
Theorem unseen_point T d a b x m M :
  demanding T -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable T (network_of_widths d [3 * (d + d); 3]%nat) d (shown d a b m M) x.
Proof.
  intros HT HC HD Hm; destruct (separation_exists d _ HD) as (delta & Hdelta & Hsep).
  inversion_clear HC as [|? ? Ca HC']; inversion_clear HC' as [|? ? Cb _].
  apply (bump_undecidable d delta a b x m M []); auto; [constructor | intros g (E & _); exact E |].
  intros g c E; exact (hats_are_networks d delta _ (bump a b x m M [] c) g E).
Qed.

Lemma unseen_point_larger (C : class) T d a b x m M :
  demanding T -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  (forall f, neural_network d f -> C f) ->
  undecidable T C d (shown d a b m M) x.
Proof.
  intros HT HC HD Hm S; eapply undecidable_larger; [|apply unseen_point; assumption].
  intros f Hf; exact (S f (network_of_some_width d _ f Hf)).
Qed.

Theorem black_box_exact :
  forall d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable exact (black_box d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto; intros f Hf; apply Hf. Qed.

Theorem black_box_approx :
  forall d a b x m M eps,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  0 < eps < 1 / 2 ->
  undecidable (approx eps) (black_box d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto; [lra | intros f Hf; apply Hf]. Qed.

Theorem black_box_side :
  forall d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable side (black_box d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto; intros f Hf; apply Hf. Qed.

Theorem neural_network_exact :
  forall d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable exact (neural_network d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto. Qed.

Theorem neural_network_approx :
  forall d a b x m M eps,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  0 < eps < 1 / 2 ->
  undecidable (approx eps) (neural_network d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto; lra. Qed.

Theorem neural_network_side :
  forall d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable side (neural_network d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto. Qed.

Theorem piecewise_affine_exact :
  forall d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable exact (piecewise_affine d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto using networks_piecewise_affine. Qed.

Theorem piecewise_affine_approx :
  forall d a b x m M eps,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  0 < eps < 1 / 2 ->
  undecidable (approx eps) (piecewise_affine d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto using networks_piecewise_affine; lra. Qed.

Theorem piecewise_affine_side :
  forall d a b x m M,
  (1 <= d)%nat -> Forall (cube d) [a; b; x] -> distinct d [a; b; x] -> m < M ->
  undecidable side (piecewise_affine d) d (shown d a b m M) x.
Proof. intros; apply unseen_point_larger; simpl; auto using networks_piecewise_affine. Qed.
