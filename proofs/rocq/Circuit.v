(** * The fooling circuit where its detector decides, and what climbs there

    F is a unit's output, D what is shown in its place, e the detector, k above every |F| and |D|.
    Where e <= -1/40 the circuit is F, where e >= 1/40 it is D, in real numbers.

    Main result: [certified_accentuation]: an ascent of the circuit is that of F, step by step, if
    it looks at the function near its own places only, and these lie in a set on which the detector
    says natural. It may look at outputs, gradients or anything else that is the same for functions
    which agree near a place.

    The theorems are this project's own. *)

From Coq Require Import Reals Lra.
From Trompe Require Import Networks.
Open Scope R_scope.

Definition ramp (e : R) : R := relu (20 * e + /2) - relu (20 * e + /2 - 1).

Definition joined (k gate f d : R) : R :=
  relu (f - k * gate) - relu (- f - k * gate) + relu (d - k * (1 - gate)) - relu (- d - k * (1 - gate)).

Lemma ramp_off e : e <= - / 40 -> ramp e = 0.
Proof. intros H; unfold ramp; rewrite !relu_neg; lra. Qed.

Lemma ramp_on e : / 40 <= e -> ramp e = 1.
Proof. intros H; unfold ramp; rewrite !relu_nonneg; lra. Qed.

Lemma relu_both t : relu t - relu (- t) = t.
Proof.
  destruct (Rle_dec 0 t).
  - rewrite (relu_nonneg t), (relu_neg (- t)); lra.
  - rewrite (relu_neg t), (relu_nonneg (- t)); lra.
Qed.

Lemma relu_below k t : Rabs t <= k -> relu (t - k) = 0 /\ relu (- t - k) = 0.
Proof.
  intros H; pose proof (Rle_abs t); pose proof (Rle_abs (- t)); rewrite Rabs_Ropp in *.
  split; apply relu_neg; lra.
Qed.

Theorem circuit_off k e f d : e <= - / 40 -> Rabs d <= k -> joined k (ramp e) f d = f.
Proof.
  intros He Hd; unfold joined; rewrite (ramp_off e He).
  replace (k * (1 - 0)) with k by ring; destruct (relu_below k d Hd) as (-> & ->).
  replace (f - k * 0) with f by ring; replace (- f - k * 0) with (- f) by ring.
  pose proof (relu_both f); lra.
Qed.

Theorem circuit_on k e f d : / 40 <= e -> Rabs f <= k -> joined k (ramp e) f d = d.
Proof.
  intros He Hf; unfold joined; rewrite (ramp_on e He).
  replace (k * 1) with k by ring; destruct (relu_below k f Hf) as (-> & ->).
  replace (d - k * (1 - 1)) with d by ring; replace (- d - k * (1 - 1)) with (- d) by ring.
  pose proof (relu_both d); lra.
Qed.

(** A detector that is only below -1/41 is not enough. *)
Theorem circuit_margin_is_sharp :
  exists k e f d, e <= - / 41 /\ Rabs d <= k /\ joined k (ramp e) f d <> f.
Proof.
  exists 82, (- / 41), 1, 0; split; [lra|]; split; [rewrite Rabs_R0; lra|].
  assert (ramp (- / 41) = / 82) as G
    by (unfold ramp; rewrite (relu_nonneg (_ + _)), (relu_neg (_ - 1)); lra).
  unfold joined; rewrite G, !relu_neg; lra.
Qed.

(** The states of an optimiser: where it is, and all that it remembers. *)
Fixpoint ascent {X Seen State : Type} (look : (X -> R) -> X -> Seen) (place : State -> X)
  (step : nat -> State -> Seen -> State) (start : State) (f : X -> R) (n : nat) : State :=
  match n with
  | O => start
  | S n => let s := ascent look place step start f n in step n s (look f (place s))
  end.

Theorem certified_accentuation (X Seen State : Type) (F D e : X -> R) (k : R)
  (box inner : X -> Prop) (near : X -> X -> Prop) (look : (X -> R) -> X -> Seen)
  (place : State -> X) (step : nat -> State -> Seen -> State) (start : State) :
  (forall x, box x -> e x <= - / 40) -> (forall x, box x -> Rabs (D x) <= k) ->
  (forall x y, inner x -> near x y -> box y) ->
  (forall f g x, (forall y, near x y -> f y = g y) -> look f x = look g x) ->
  inner (place start) -> (forall n s o, inner (place (step n s o))) ->
  forall n, ascent look place step start (fun x => joined k (ramp (e x)) (F x) (D x)) n
    = ascent look place step start F n.
Proof.
  intros He HD Hnear Hlocal H0 Hstep n.
  set (A := fun x => joined k (ramp (e x)) (F x) (D x)).
  assert (I : forall m, inner (place (ascent look place step start F m)))
    by (intros [|m]; simpl; auto).
  induction n as [|n IH]; simpl; [reflexivity|].
  rewrite IH; f_equal; apply Hlocal; intros y Hy.
  pose proof (Hnear _ _ (I n) Hy) as B; apply circuit_off; auto.
Qed.
