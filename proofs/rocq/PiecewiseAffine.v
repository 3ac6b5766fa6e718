(** * Continuous piecewise affine functions

    Definitions: [form] (an affine form), [piece] (a polyhedron, given by finitely
    many inequalities form >= 0, and the form that f equals on it), the class
    [piecewise_affine d]: finitely many such closed pieces cover the box. A finite
    closed cover makes every such function continuous.

    Main results: the class is closed under scaling, addition and relu, so
    [networks_piecewise_affine]: every ReLU network is piecewise affine.

    Reference: R. Arora, A. Basu, P. Mianjy, A. Mukherjee, "Understanding deep
    neural networks with rectified linear units", ICLR 2018. *)

From Coq Require Import Reals Lra Lia List.
From Trompe Require Import Points Networks.
Import ListNotations.
Open Scope R_scope.

(** Coefficients and constant. *)
Definition form : Type := (nat -> R) * R.

Definition value (d : nat) (l : form) (z : point) : R :=
  sumn d (fun i => fst l i * z i) + snd l.

(** The inequalities of a polyhedron, and the form on it. *)
Definition piece : Type := list form * form.

Definition inside (d : nat) (P : list form) (z : point) : Prop :=
  Forall (fun l => 0 <= value d l z) P.

Definition pieces_of (d : nat) (f : fn) (ps : list piece) : Prop :=
  (forall z, cube d z -> exists p, In p ps /\ inside d (fst p) z) /\
  (forall z p, cube d z -> In p ps -> inside d (fst p) z -> f z = value d (snd p) z).

Definition piecewise_affine (d : nat) (f : fn) : Prop :=
  ext d f /\ exists ps, pieces_of d f ps.

(** ** Closure *)

Definition pieced (d : nat) (f : fn) : Prop := exists ps, pieces_of d f ps.

Lemma pieced_eq d f g : (forall z, f z = g z) -> pieced d f -> pieced d g.
Proof.
  intros E (ps & Cov & Val); exists ps; split; [exact Cov|].
  intros; rewrite <- E; auto.
Qed.

Lemma pieced_form d l : pieced d (value d l).
Proof.
  exists [([], l)]; split.
  - intros z _; exists ([], l); split; [left; reflexivity | constructor].
  - intros z p _ [<- | []] _; reflexivity.
Qed.

Lemma pieced_const d c : pieced d (fun _ => c).
Proof.
  apply pieced_eq with (value d (fun _ => 0, c)); [|apply pieced_form].
  intros z; unfold value; simpl.
  rewrite (sumn_ext d _ (fun _ => 0)), sumn_const by (intros; ring); ring.
Qed.

Lemma pieced_coordinate d i : (i < d)%nat -> pieced d (fun z => z i).
Proof.
  intros Hi.
  apply pieced_eq with (value d (fun k => if Nat.eqb k i then 1 else 0, 0)); [|apply pieced_form].
  intros z; unfold value; simpl; rewrite (sumn_single d i).
  - rewrite Nat.eqb_refl; ring.
  - exact Hi.
  - intros k _ n; destruct (Nat.eqb_spec k i); [contradiction | ring].
Qed.

Definition combine_forms (c : R) (l k : form) : form :=
  (fun i => c * fst l i + fst k i, c * snd l + snd k).

Lemma combine_forms_value d c l k z :
  value d (combine_forms c l k) z = c * value d l z + value d k z.
Proof.
  unfold value, combine_forms; simpl.
  rewrite (sumn_ext d _ (fun i => c * (fst l i * z i) + fst k i * z i)) by (intros; ring).
  rewrite sumn_plus, sumn_scal; ring.
Qed.

Lemma pieced_combine d c f g : pieced d f -> pieced d g -> pieced d (fun z => c * f z + g z).
Proof.
  intros (ps & Cp & Vp) (qs & Cq & Vq).
  exists (map (fun pq : piece * piece => (fst (fst pq) ++ fst (snd pq),
                        combine_forms c (snd (fst pq)) (snd (snd pq)))) (list_prod ps qs)).
  split.
  - intros z Cz; destruct (Cp z Cz) as (p & Hp & Ip), (Cq z Cz) as (q & Hq & Iq).
    eexists; split; [apply in_map with (x := (p, q)), in_prod; assumption|].
    simpl; apply Forall_app; split; assumption.
  - intros z r Cz Hr I; apply in_map_iff in Hr; destruct Hr as ([p q] & <- & Hpq).
    apply in_prod_iff in Hpq; simpl in *; apply Forall_app in I.
    rewrite combine_forms_value, (Vp z p), (Vq z q); tauto.
Qed.

Definition split_at_zero (p : piece) : list piece :=
  [ (snd p :: fst p, snd p);
    (combine_forms (-1) (snd p) (fun _ => 0, 0) :: fst p, (fun _ => 0, 0)) ].

Lemma zero_form_value d z : value d (fun _ => 0, 0) z = 0.
Proof.
  unfold value; simpl; rewrite (sumn_ext d _ (fun _ => 0)), sumn_const by (intros; ring); ring.
Qed.

Lemma pieced_relu d f : pieced d f -> pieced d (fun z => relu (f z)).
Proof.
  intros (ps & Cp & Vp); exists (flat_map split_at_zero ps); split.
  - intros z Cz; destruct (Cp z Cz) as (p & Hp & Ip).
    destruct (Rle_dec 0 (value d (snd p) z)) as [pos | neg].
    + exists (snd p :: fst p, snd p); split; [|constructor; assumption].
      apply in_flat_map; exists p; split; [exact Hp | left; reflexivity].
    + exists (combine_forms (-1) (snd p) (fun _ => 0, 0) :: fst p, (fun _ => 0, 0)).
      split; [|constructor; [rewrite combine_forms_value, zero_form_value; lra | exact Ip]].
      apply in_flat_map; exists p; split; [exact Hp | right; left; reflexivity].
  - intros z q Cz Hq I; apply in_flat_map in Hq; destruct Hq as (p & Hp & Hq).
    destruct Hq as [<- | [<- | []]]; simpl in *; inversion_clear I as [|? ? I0 I1];
      rewrite (Vp z p Cz Hp I1).
    + apply relu_nonneg, I0.
    + rewrite combine_forms_value, zero_form_value in I0; rewrite zero_form_value.
      apply relu_neg; lra.
Qed.

(** ** Networks *)

Lemma pieced_fire d (u : neuron) (fs : list fn) :
  Forall (pieced d) fs -> pieced d (fun z => fire u (map (fun f => f z) fs)).
Proof.
  destruct u as [w c]; unfold fire; simpl; revert fs.
  induction w as [|r w IH]; intros fs F.
  - apply pieced_eq with (fun _ => c); [intros; simpl; ring | apply pieced_const].
  - destruct F as [|f fs Hf F]; simpl.
    + apply pieced_eq with (fun _ => c); [intros; ring | apply pieced_const].
    + apply pieced_eq with (fun z => r * f z + (dot w (map (fun f => f z) fs) + c));
        [intros; ring | exact (pieced_combine d r f _ Hf (IH fs F))].
Qed.

Lemma pieced_layers d (ls : list layer) (out : neuron) : forall fs : list fn,
  Forall (pieced d) fs ->
  pieced d (fun z => fire out (fold_left (fun v l => apply_layer l v) ls
                                         (map (fun f => f z) fs))).
Proof.
  induction ls as [|l ls IH]; intros fs F; simpl; [apply pieced_fire, F|].
  apply pieced_eq with (fun z => fire out (fold_left (fun v l => apply_layer l v) ls
    (map (fun f => f z) (map (fun u z => relu (fire u (map (fun f => f z) fs))) l)))).
  - intros z; rewrite map_map; reflexivity.
  - apply IH, Forall_forall; intros g Hg; apply in_map_iff in Hg; destruct Hg as (u & <- & _).
    apply pieced_relu, pieced_fire, F.
Qed.

Theorem networks_piecewise_affine d f : neural_network d f -> piecewise_affine d f.
Proof.
  intros (E & N & _ & H); split; [exact E|].
  destruct (pieced_layers d (hidden N) (output N) (map (fun i z => z i) (seq 0 d)))
    as (ps & Cov & Val).
  - apply Forall_forall; intros g Hg; apply in_map_iff in Hg; destruct Hg as (i & <- & Hi).
    apply in_seq in Hi; apply pieced_coordinate; lia.
  - exists ps; split; [exact Cov|].
    intros z p Cz Hp I; rewrite (H z Cz), <- (Val z p Cz Hp I), map_map; reflexivity.
Qed.
