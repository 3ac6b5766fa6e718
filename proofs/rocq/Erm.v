(** * Row erm: neural networks trained by empirical risk minimisation

    Definitions: [loss], [proper] (no prediction beats the label itself), [risk]
    (the sum over the data; the empirical risk is this sum divided by their number, so
    both have the same minimisers), [minimises] (over all functions), the class
    [erm d data]: ReLU networks that interpolate the data and minimise the risk of
    every proper loss over all functions. [erm_for l d data] is the textbook's class for
    one loss: networks whose risk no other network beats; it is larger
    ([erm_smallest]), so it inherits every No.

    Main results: [erm_exact], [erm_approx], [erm_side]; [erm_widths] (two hidden layers
    of 2d(n+3) and n+3 units for n data; the width grows with n); [erm_for_loss];
    [average_best], [erm_conflicting] (inputs repeated with conflicting labels: the
    squared loss is minimised by their mean, and the same No follows).

    Reference for the table: Geirhos et al., ICML 2024. *)

From Coq Require Import Reals Lra Lia Psatz List Permutation.
From Trompe Require Import Points Tasks Triples Networks Hats.
Import ListNotations.
Open Scope R_scope.

(** Pairs of an input and its label. *)
Definition dataset : Type := list (point * R).

(** The loss of a prediction, given the label. *)
Definition loss : Type := R -> R -> R.

Definition proper (l : loss) : Prop := forall p t, l t t <= l p t.

Fixpoint risk (l : loss) (data : dataset) (f : fn) : R :=
  match data with
  | [] => 0
  | (s, y) :: data' => l (f s) y + risk l data' f
  end.

Definition minimises (l : loss) (data : dataset) (f : fn) : Prop :=
  forall h : fn, risk l data f <= risk l data h.

Definition interpolates (data : dataset) (f : fn) : Prop :=
  forall s y, In (s, y) data -> f s = y.

Definition erm (d : nat) (data : dataset) (f : fn) : Prop :=
  neural_network d f /\ interpolates data f /\
  forall l, proper l -> minimises l data f.

Definition erm_for (l : loss) (d : nat) (data : dataset) (f : fn) : Prop :=
  neural_network d f /\
  forall h, neural_network d h -> risk l data f <= risk l data h.

Lemma interpolation_minimises l data f :
  proper l -> interpolates data f -> minimises l data f.
Proof.
  intros P I h; induction data as [|[s y] data IH]; simpl; [lra|].
  rewrite (I s y (or_introl eq_refl)); specialize (P (h s) y).
  assert (risk l data f <= risk l data h) by (apply IH; intros t z H; apply I; right; exact H).
  lra.
Qed.

Lemma erm_smallest l d data f : proper l -> erm d data f -> erm_for l d data f.
Proof. intros P (N & _ & H); split; [exact N | intros h _; apply H, P]. Qed.

(** The order of the data does not matter. *)
Lemma risk_permutation l data data' f : Permutation data data' -> risk l data f = risk l data' f.
Proof.
  induction 1 as [|[s y] ? ? _ IH|[s y] [t z] ?|? ? ? _ IH _ IH']; simpl; lra.
Qed.

(** ** The row *)

Theorem erm_widths T d data a b x m M :
  demanding T ->
  Forall (cube d) (a :: b :: x :: map fst data) ->
  distinct d (a :: b :: x :: map fst data) ->
  m < M -> labels_inside m M data ->
  undecidable T
    (fun f => erm d data f /\
       network_of_widths d [(3 + length data) * (d + d); 3 + length data]%nat f)
    d (shown d a b m M) x.
Proof.
  intros HT HC HD Hm Hl; destruct (separation_exists d _ HD) as (delta & Hdelta & Hsep).
  inversion_clear HC as [|? ? Ca HC']; inversion_clear HC' as [|? ? Cb _].
  apply (bump_undecidable d delta a b x m M data); auto; [intros g (((E & _) & _) & _); exact E|].
  intros g c E; pose proof (hats_are_networks d delta _ (bump a b x m M data c) g E) as N.
  replace (length (bump a b x m M data c)) with (3 + length data)%nat in N
    by (unfold bump; simpl; rewrite map_length; reflexivity).
  assert (I : interpolates data g)
    by (intros s y H; rewrite E; eapply bump_interpolates; eassumption).
  split; [|exact N]; split; [exact (network_of_some_width d _ g N) | split; [exact I|]].
  intros l P; exact (interpolation_minimises l data g P I).
Qed.

Lemma erm_all T d data a b x m M :
  demanding T ->
  Forall (cube d) (a :: b :: x :: map fst data) ->
  distinct d (a :: b :: x :: map fst data) ->
  m < M -> labels_inside m M data ->
  undecidable T (erm d data) d (shown d a b m M) x.
Proof.
  intros; eapply undecidable_larger; [|apply erm_widths with (data := data); eassumption].
  intros f (H' & _); exact H'.
Qed.

Theorem erm_exact :
  forall d data a b x m M,
  (1 <= d)%nat ->
  Forall (cube d) (a :: b :: x :: map fst data) ->
  distinct d (a :: b :: x :: map fst data) ->
  m < M -> labels_inside m M data ->
  undecidable exact (erm d data) d (shown d a b m M) x.
Proof. intros; apply erm_all; simpl; auto. Qed.

Theorem erm_approx :
  forall d data a b x m M eps,
  (1 <= d)%nat ->
  Forall (cube d) (a :: b :: x :: map fst data) ->
  distinct d (a :: b :: x :: map fst data) ->
  m < M -> labels_inside m M data ->
  0 < eps < 1 / 2 ->
  undecidable (approx eps) (erm d data) d (shown d a b m M) x.
Proof. intros; apply erm_all; simpl; auto; lra. Qed.

Theorem erm_side :
  forall d data a b x m M,
  (1 <= d)%nat ->
  Forall (cube d) (a :: b :: x :: map fst data) ->
  distinct d (a :: b :: x :: map fst data) ->
  m < M -> labels_inside m M data ->
  undecidable side (erm d data) d (shown d a b m M) x.
Proof. intros; apply erm_all; simpl; auto. Qed.

(** The same for the minimisers of one loss among the networks. *)
Corollary erm_for_loss T l d data a b x m M :
  demanding T -> proper l ->
  Forall (cube d) (a :: b :: x :: map fst data) ->
  distinct d (a :: b :: x :: map fst data) ->
  m < M -> labels_inside m M data ->
  undecidable T (erm_for l d data) d (shown d a b m M) x.
Proof.
  intros HT P HC HD Hm Hl; eapply undecidable_larger; [|apply erm_all with (data := data); eassumption].
  intros f; apply erm_smallest, P.
Qed.

(** ** Conflicting labels *)

(** Each input with all the labels it was given. *)
Definition groups : Type := list (point * list R).

Definition flat (gs : groups) : dataset :=
  flat_map (fun g => map (fun y => (fst g, y)) (snd g)) gs.

Fixpoint total_loss (l : loss) (p : R) (ys : list R) : R :=
  match ys with
  | [] => 0
  | y :: ys' => l p y + total_loss l p ys'
  end.

(** [t] is a prediction of least total loss for the labels [ys]. *)
Definition best (l : loss) (t : R) (ys : list R) : Prop :=
  forall p, total_loss l t ys <= total_loss l p ys.

Lemma risk_app l data data' f : risk l (data ++ data') f = risk l data f + risk l data' f.
Proof. induction data as [|[s y] data IH]; simpl; [lra | rewrite IH; lra]. Qed.

Lemma risk_group l s ys f : risk l (map (fun y => (s, y)) ys) f = total_loss l (f s) ys.
Proof. induction ys as [|y ys IH]; simpl; [lra | rewrite IH; lra]. Qed.

(** Predicting a best label at each distinct input minimises the risk. *)
Lemma best_minimises l gs f :
  (forall s ys, In (s, ys) gs -> best l (f s) ys) -> minimises l (flat gs) f.
Proof.
  intros B h; induction gs as [|[s ys] gs IH]; simpl; [lra|].
  rewrite !risk_app, !risk_group; simpl.
  pose proof (B s ys (or_introl eq_refl) (h s)).
  assert (risk l (flat gs) f <= risk l (flat gs) h)
    by (apply IH; intros t zs H'; apply B; right; exact H').
  lra.
Qed.

Definition square : loss := fun p t => (p - t) * (p - t).

Definition average (ys : list R) : R := total ys / INR (length ys).

Lemma square_total p t ys :
  total_loss square p ys =
  total_loss square t ys + (p - t) * (INR (length ys) * (p + t) - 2 * total ys).
Proof.
  induction ys as [|y ys IH]; [simpl; ring|].
  change (length (y :: ys)) with (S (length ys)); rewrite S_INR; simpl; rewrite IH.
  unfold square; ring.
Qed.

Theorem average_best ys : ys <> [] -> best square (average ys) ys.
Proof.
  intros N p; rewrite (square_total p (average ys)).
  assert (0 < INR (length ys)) by (apply lt_0_INR; destruct ys; [congruence | simpl; lia]).
  assert (E : INR (length ys) * average ys = total ys) by (unfold average; field; lra).
  rewrite <- E.
  replace ((p - average ys) * (INR (length ys) * (p + average ys) - 2 * (INR (length ys) * average ys)))
    with (INR (length ys) * ((p - average ys) * (p - average ys))) by ring.
  assert (0 <= (p - average ys) * (p - average ys)) by apply Rle_0_sqr.
  assert (0 <= INR (length ys) * ((p - average ys) * (p - average ys)))
    by (apply Rmult_le_pos; lra).
  lra.
Qed.

Definition averaged (gs : groups) : dataset := map (fun g => (fst g, average (snd g))) gs.

(** Networks that minimise the squared risk of conflicting data over all functions. *)
Theorem erm_conflicting T d gs a b x m M :
  demanding T ->
  Forall (fun g => snd g <> []) gs ->
  Forall (cube d) (a :: b :: x :: map fst gs) ->
  distinct d (a :: b :: x :: map fst gs) ->
  m < M -> labels_inside m M (averaged gs) ->
  undecidable T (fun f => neural_network d f /\ minimises square (flat gs) f)
    d (shown d a b m M) x.
Proof.
  intros HT HN HC HD Hm Hl.
  assert (E : map fst (averaged gs) = map fst gs) by (unfold averaged; rewrite map_map; reflexivity).
  eapply undecidable_larger; [|apply erm_all with (data := averaged gs); rewrite ?E; eassumption].
  intros f (N & I & _); split; [exact N|]; apply best_minimises; intros s ys H.
  rewrite (I s (average ys)).
  - apply average_best; rewrite Forall_forall in HN; exact (HN (s, ys) H).
  - exact (in_map (fun g => (fst g, average (snd g))) gs (s, ys) H).
Qed.
