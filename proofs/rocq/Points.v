(** * Points of the unit box, functions on it, finite sums

    Definitions: [point], [fn], [cube], [peq], [ext], [corner], [opposite],
    [blend], [distinct], [sumn], [mean], [update].

    An input of dimension d is a function [nat -> R] of which only the
    coordinates 0, ..., d-1 count: [peq d y z] says that y and z are the same
    input, [cube d z] that z lies in the box X = [0,1]^d, and [ext d f] that f is
    a function on X, that is, never reads a coordinate beyond the first d.

    Main results: elementary facts on finite sums, used by every later file. *)

From Coq Require Import Reals Lra Lia List.
Import ListNotations.
Open Scope R_scope.

Definition point := nat -> R.
Definition fn := point -> R.
Definition class := fn -> Prop.

Definition cube (d : nat) (z : point) : Prop :=
  forall i, (i < d)%nat -> 0 <= z i <= 1.

Definition peq (d : nat) (y z : point) : Prop :=
  forall i, (i < d)%nat -> y i = z i.

Definition ext (d : nat) (f : fn) : Prop :=
  forall y z, cube d y -> peq d y z -> f y = f z.

Definition zeros : point := fun _ => 0.
Definition ones : point := fun _ => 1.

Definition corner (d : nat) (b : point) : Prop :=
  forall i, (i < d)%nat -> b i = 0 \/ b i = 1.

Definition opposite (b : point) : point := fun i => 1 - b i.

(** The point at fraction [t] of the way from [z] to [y]. *)
Definition blend (t : R) (y z : point) : point :=
  fun i => t * y i + (1 - t) * z i.

(** Pairwise distinct inputs. *)
Definition distinct (d : nat) (ps : list point) : Prop :=
  ForallOrdPairs (fun p q => ~ peq d p q) ps.

(** [z] with coordinate [k] replaced by [t]. *)
Definition update (z : point) (k : nat) (t : R) : point :=
  fun i => if Nat.eqb i k then t else z i.

Fixpoint sumn (d : nat) (u : nat -> R) : R :=
  match d with
  | O => 0
  | S n => sumn n u + u n
  end.

Definition mean (d : nat) (z : point) : R := sumn d z / INR d.

(** ** Points *)

Lemma peq_refl d z : peq d z z.
Proof. intros i _; reflexivity. Qed.

Lemma peq_sym d y z : peq d y z -> peq d z y.
Proof. intros H i Hi; symmetry; auto. Qed.

Lemma peq_cube d y z : peq d y z -> cube d y -> cube d z.
Proof. intros E C i Hi; rewrite <- (E i Hi); auto. Qed.

Lemma peq_or_differ d y z :
  peq d y z \/ exists i, (i < d)%nat /\ y i <> z i.
Proof.
  induction d as [|d IH].
  - left; intros i Hi; lia.
  - destruct IH as [E | (i & Hi & Hd)].
    + destruct (Req_dec (y d) (z d)) as [e | ne].
      * left; intros i Hi; destruct (Nat.eq_dec i d) as [-> | n]; [exact e | apply E; lia].
      * right; exists d; split; [lia | exact ne].
    + right; exists i; split; [lia | exact Hd].
Qed.

Lemma peq_dec d y z : peq d y z \/ ~ peq d y z.
Proof.
  destruct (peq_or_differ d y z) as [E | (i & Hi & Hd)]; [left; exact E | right].
  intros E; exact (Hd (E i Hi)).
Qed.

Lemma differ d y z : ~ peq d y z -> exists i, (i < d)%nat /\ y i <> z i.
Proof. intros N; destruct (peq_or_differ d y z); [contradiction | assumption]. Qed.

Lemma cube_zeros d : cube d zeros.
Proof. intros i _; unfold zeros; lra. Qed.

Lemma cube_ones d : cube d ones.
Proof. intros i _; unfold ones; lra. Qed.

Lemma corner_cube d b : corner d b -> cube d b.
Proof. intros H i Hi; destruct (H i Hi); lra. Qed.

Lemma opposite_cube d b : cube d b -> cube d (opposite b).
Proof. intros H i Hi; unfold opposite; specialize (H i Hi); lra. Qed.

Lemma blend_cube d t y z : 0 <= t <= 1 -> cube d y -> cube d z -> cube d (blend t y z).
Proof.
  intros T Y Z i Hi; specialize (Y i Hi); specialize (Z i Hi); unfold blend; split; nra.
Qed.

Lemma update_same z k t : update z k t k = t.
Proof. unfold update; rewrite Nat.eqb_refl; reflexivity. Qed.

Lemma update_other z k t i : i <> k -> update z k t i = z i.
Proof. intros N; unfold update; destruct (Nat.eqb_spec i k); [contradiction | reflexivity]. Qed.

Lemma update_cube d z k t : cube d z -> 0 <= t <= 1 -> cube d (update z k t).
Proof.
  intros C T i Hi; unfold update; destruct (Nat.eqb i k); [exact T | exact (C i Hi)].
Qed.

Lemma distinct_three d a b x :
  distinct d [a; b; x] <-> ~ peq d a b /\ ~ peq d a x /\ ~ peq d b x.
Proof.
  unfold distinct; split.
  - intros D; inversion_clear D as [|? ? Fa D']; inversion_clear D' as [|? ? Fb _].
    inversion_clear Fa as [|? ? ? Fa']; inversion_clear Fa'; inversion_clear Fb; auto.
  - intros (Nab & Nax & Nbx); repeat constructor; assumption.
Qed.

(** ** Sums *)

Lemma sumn_ext d u v : (forall i, (i < d)%nat -> u i = v i) -> sumn d u = sumn d v.
Proof.
  induction d as [|d IH]; intros H; simpl; [reflexivity|].
  rewrite IH, (H d); auto.
Qed.

Lemma sumn_le d u v : (forall i, (i < d)%nat -> u i <= v i) -> sumn d u <= sumn d v.
Proof.
  induction d as [|d IH]; intros H; simpl; [lra|].
  apply Rplus_le_compat; auto.
Qed.

Lemma sumn_plus d u v : sumn d (fun i => u i + v i) = sumn d u + sumn d v.
Proof. induction d as [|d IH]; simpl; [lra | rewrite IH; lra]. Qed.

Lemma sumn_scal d c u : sumn d (fun i => c * u i) = c * sumn d u.
Proof. induction d as [|d IH]; simpl; [lra | rewrite IH; lra]. Qed.

Lemma sumn_const d c : sumn d (fun _ => c) = INR d * c.
Proof. induction d as [|d IH]; [simpl; lra | rewrite S_INR; simpl; rewrite IH; lra]. Qed.

Lemma sumn_nonneg d u : (forall i, (i < d)%nat -> 0 <= u i) -> 0 <= sumn d u.
Proof.
  intros H; replace 0 with (sumn d (fun _ => 0)) by (rewrite sumn_const; lra).
  apply sumn_le; exact H.
Qed.

Lemma sumn_term d u k :
  (forall i, (i < d)%nat -> 0 <= u i) -> (k < d)%nat -> u k <= sumn d u.
Proof.
  induction d as [|d IH]; intros H Hk; [lia|]; simpl.
  assert (S : 0 <= sumn d u) by (apply sumn_nonneg; auto).
  destruct (Nat.eq_dec k d) as [-> | n]; [lra|].
  assert (u k <= sumn d u) by (apply IH; [auto | lia]).
  assert (0 <= u d) by auto; lra.
Qed.

Lemma sumn_zero d u :
  (forall i, (i < d)%nat -> 0 <= u i) -> sumn d u = 0 -> forall i, (i < d)%nat -> u i = 0.
Proof.
  intros H S i Hi; assert (u i <= sumn d u) by (apply sumn_term; auto).
  specialize (H i Hi); lra.
Qed.

(** Only coordinate [k] contributes. *)
Lemma sumn_single d k u :
  (k < d)%nat -> (forall i, (i < d)%nat -> i <> k -> u i = 0) -> sumn d u = u k.
Proof.
  induction d as [|d IH]; intros Hk H; [lia|]; simpl.
  destruct (Nat.eq_dec k d) as [-> | n].
  - rewrite (sumn_ext d u (fun _ => 0)), sumn_const; [lra|].
    intros i Hi; apply H; lia.
  - rewrite IH, (H d); [lra | lia | congruence | lia |].
    intros i Hi Hn; apply H; [lia | exact Hn].
Qed.

Lemma sumn_minus d u v : sumn d u - sumn d v = sumn d (fun i => u i - v i).
Proof. induction d as [|d IH]; simpl; [lra | rewrite <- IH; lra]. Qed.

Lemma sumn_update d w z k t :
  (k < d)%nat ->
  sumn d (fun i => w i * update z k t i) = sumn d (fun i => w i * z i) + w k * (t - z k).
Proof.
  intros Hk.
  assert (E : sumn d (fun i => w i * update z k t i) - sumn d (fun i => w i * z i)
              = w k * (t - z k)).
  { rewrite sumn_minus, (sumn_single d k); [rewrite update_same; lra | exact Hk |].
    intros i _ n; rewrite update_other by exact n; lra. }
  lra.
Qed.

(** Finitely many numbers have a largest one. *)
Lemma largest d (u : nat -> R) :
  (1 <= d)%nat -> exists i, (i < d)%nat /\ forall k, (k < d)%nat -> u k <= u i.
Proof.
  induction d as [|d IH]; intros Hd; [lia|].
  destruct (Nat.eq_dec d 0) as [-> | n].
  - exists 0%nat; split; [lia|]; intros k Hk; replace k with 0%nat by lia; lra.
  - destruct IH as (i & Hi & H); [lia|].
    destruct (Rle_dec (u d) (u i)) as [le | gt].
    + exists i; split; [lia|]; intros k Hk.
      destruct (Nat.eq_dec k d) as [-> | nk]; [exact le | apply H; lia].
    + exists d; split; [lia|]; intros k Hk.
      destruct (Nat.eq_dec k d) as [-> | nk]; [lra|].
      assert (u k <= u i) by (apply H; lia); lra.
Qed.

Lemma smallest d (u : nat -> R) :
  (1 <= d)%nat -> exists j, (j < d)%nat /\ forall k, (k < d)%nat -> u j <= u k.
Proof.
  intros Hd; destruct (largest d (fun i => - u i) Hd) as (j & Hj & H).
  exists j; split; [exact Hj|]; intros k Hk; specialize (H k Hk); simpl in H; lra.
Qed.

(** ** The mean *)

Lemma INR_pos d : (1 <= d)%nat -> 0 < INR d.
Proof. intros H; apply lt_0_INR; lia. Qed.

Lemma mean_scaled d z : (1 <= d)%nat -> INR d * mean d z = sumn d z.
Proof. intros H; unfold mean; field; apply Rgt_not_eq, INR_pos, H. Qed.

Lemma mean_le d y z :
  (1 <= d)%nat -> (forall i, (i < d)%nat -> y i <= z i) -> mean d y <= mean d z.
Proof.
  intros Hd H; unfold mean, Rdiv; apply Rmult_le_compat_r.
  - left; apply Rinv_0_lt_compat, INR_pos, Hd.
  - apply sumn_le, H.
Qed.

Lemma mean_const d c : (1 <= d)%nat -> mean d (fun _ => c) = c.
Proof. intros H; unfold mean; rewrite sumn_const; field; apply Rgt_not_eq, INR_pos, H. Qed.

Lemma mean_range d z : (1 <= d)%nat -> cube d z -> 0 <= mean d z <= 1.
Proof.
  intros Hd C; split.
  - rewrite <- (mean_const d 0 Hd); apply mean_le; [exact Hd | apply C].
  - rewrite <- (mean_const d 1 Hd); apply mean_le; [exact Hd | apply C].
Qed.

Lemma mean_zero d z : (1 <= d)%nat -> cube d z -> mean d z = 0 -> peq d zeros z.
Proof.
  intros Hd C E i Hi; symmetry; unfold zeros.
  apply (sumn_zero d z); [apply C | | exact Hi].
  rewrite <- (mean_scaled d z Hd), E; lra.
Qed.

Lemma mean_one d z : (1 <= d)%nat -> cube d z -> mean d z = 1 -> peq d ones z.
Proof.
  intros Hd C E i Hi; unfold ones.
  assert (1 - z i = 0); [|lra].
  apply (sumn_zero d (fun i => 1 - z i)); [| |exact Hi].
  - intros k Hk; specialize (C k Hk); lra.
  - rewrite <- (sumn_minus d (fun _ => 1) z), sumn_const, <- (mean_scaled d z Hd), E; lra.
Qed.

Lemma mean_ext d y z : peq d y z -> mean d y = mean d z.
Proof. intros E; unfold mean; rewrite (sumn_ext d y z); auto. Qed.
