(** * ReLU networks

    Definitions: [neuron], [layer], [network] as data (lists of weights and
    biases), [denote d N] (the function that N computes), [well_formed d N] (each
    neuron has as many weights as it has inputs), [widths N] (the sizes of the
    hidden layers), the class [neural_network d].

    Main results: lemmas that compute a neuron on the coordinates of a point
    ([fire_coords], [dot_repeat], [dot_app]). *)

From Coq Require Import Reals Lra Lia List.
From Trompe Require Import Points.
Import ListNotations.
Open Scope R_scope.

(** A neuron: its weights and its bias. *)
Definition neuron : Type := list R * R.
Definition layer : Type := list neuron.

(** Hidden layers, first to last, then one affine output. *)
Record network := Network { hidden : list layer; output : neuron }.

Definition relu (t : R) : R := Rmax 0 t.

Fixpoint dot (w v : list R) : R :=
  match w, v with
  | r :: w', s :: v' => r * s + dot w' v'
  | _, _ => 0
  end.

Definition fire (u : neuron) (v : list R) : R := dot (fst u) v + snd u.

Definition apply_layer (l : layer) (v : list R) : list R :=
  map (fun u => relu (fire u v)) l.

Definition run (N : network) (v : list R) : R :=
  fire (output N) (fold_left (fun v l => apply_layer l v) (hidden N) v).

(** The first [d] coordinates of a point. *)
Definition coords (d : nat) (z : point) : list R := map z (seq 0 d).

Definition denote (d : nat) (N : network) : fn := fun z => run N (coords d z).

Definition widths (N : network) : list nat := map (@length neuron) (hidden N).

(** With [n] inputs, every neuron has one weight for each of its inputs. *)
Fixpoint well_shaped (n : nat) (ls : list layer) (out : neuron) : Prop :=
  match ls with
  | [] => length (fst out) = n
  | l :: ls' => Forall (fun u : neuron => length (fst u) = n) l /\
                well_shaped (length l) ls' out
  end.

Definition well_formed (d : nat) (N : network) : Prop :=
  well_shaped d (hidden N) (output N).

(** The functions on the box that some ReLU network computes. *)
Definition neural_network (d : nat) (f : fn) : Prop :=
  ext d f /\
  exists N, well_formed d N /\ forall z, cube d z -> f z = denote d N z.

(** The same, with the sizes of the hidden layers. *)
Definition network_of_widths (d : nat) (ws : list nat) (f : fn) : Prop :=
  ext d f /\
  exists N, well_formed d N /\ widths N = ws /\ forall z, cube d z -> f z = denote d N z.

(** ** Computing with neurons *)

Fixpoint total (v : list R) : R :=
  match v with
  | [] => 0
  | s :: v' => s + total v'
  end.

Lemma relu_nonneg t : 0 <= t -> relu t = t.
Proof. intros H; unfold relu; apply Rmax_right, H. Qed.

Lemma relu_neg t : t <= 0 -> relu t = 0.
Proof. intros H; unfold relu; apply Rmax_left, H. Qed.

Lemma relu_abs t : relu t + relu (- t) = Rabs t.
Proof. unfold relu, Rmax, Rabs; repeat destruct Rle_dec; destruct Rcase_abs; lra. Qed.

Lemma dot_app w w' v v' : length w = length v -> dot (w ++ w') (v ++ v') = dot w v + dot w' v'.
Proof.
  revert v; induction w as [|r w IH]; intros [|s v] H; simpl in *; try discriminate; [lra|].
  rewrite IH by congruence; ring.
Qed.

Lemma dot_repeat c v : dot (repeat c (length v)) v = c * total v.
Proof. induction v as [|s v IH]; simpl; [lra | rewrite IH; ring]. Qed.

Lemma dot_zeros n v : dot (repeat 0 n) v = 0.
Proof.
  revert v; induction n as [|n IH]; intros [|s v]; simpl; try reflexivity.
  rewrite IH; ring.
Qed.

Lemma total_app v v' : total (v ++ v') = total v + total v'.
Proof. induction v as [|s v IH]; simpl; [lra | rewrite IH; ring]. Qed.

Lemma total_map_seq d (u : nat -> R) : total (map u (seq 0 d)) = sumn d u.
Proof.
  induction d as [|d IH]; [reflexivity|].
  rewrite seq_S, map_app, total_app, IH; simpl; ring.
Qed.

Lemma dot_coords d (w : nat -> R) z :
  dot (map w (seq 0 d)) (coords d z) = sumn d (fun i => w i * z i).
Proof.
  unfold coords; induction d as [|d IH]; [reflexivity|].
  rewrite seq_S, !map_app, dot_app, IH by (rewrite !map_length; reflexivity); simpl; ring.
Qed.

Lemma fire_coords d w c z :
  fire (map w (seq 0 d), c) (coords d z) = sumn d (fun i => w i * z i) + c.
Proof. unfold fire; simpl; rewrite dot_coords; reflexivity. Qed.

Lemma apply_layer_app l l' v : apply_layer (l ++ l') v = apply_layer l v ++ apply_layer l' v.
Proof. apply map_app. Qed.

Lemma apply_layer_cons u l v : apply_layer (u :: l) v = relu (fire u v) :: apply_layer l v.
Proof. reflexivity. Qed.

Lemma denote_ext d N y z : peq d y z -> denote d N y = denote d N z.
Proof.
  intros E; unfold denote, coords; f_equal.
  apply map_ext_in; intros i Hi; apply in_seq in Hi; apply E; lia.
Qed.

Lemma network_of_some_width d ws f : network_of_widths d ws f -> neural_network d f.
Proof. intros (E & N & WF & _ & H); split; [exact E | exists N; auto]. Qed.

(** A function that equals a network on the box is in its class. *)
Lemma network_computes d N f :
  well_formed d N -> (forall z, cube d z -> f z = denote d N z) ->
  network_of_widths d (widths N) f.
Proof.
  intros WF H; split.
  - intros y z Cy E; rewrite (H y Cy), (H z (peq_cube d y z E Cy)); apply denote_ext, E.
  - exists N; auto.
Qed.
