(** * Rows affine, d = 1, and constant: the Yes cells

    Definitions: [line_decoder] m + (M - m) |x - a| / |b - a| (m if M = m), [nearer_half],
    the class [constant d].

    Main results: [affine_1d_exact], [affine_1d_approx], [affine_1d_side],
    [constant_exact], [constant_approx], [constant_side]: one decoder is right for every
    member and every x, from any one minimiser a and any one maximiser b with
    their values.

    Reference for the table: Geirhos et al., ICML 2024. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Affine.
Open Scope R_scope.

Definition constant (d : nat) (f : fn) : Prop :=
  exists c, forall z, cube d z -> f z = c.

Definition line_decoder (a b : point) (m M : R) (x : point) : R :=
  if Req_EM_T m M then m
  else m + (M - m) * (Rabs (x 0%nat - a 0%nat) / Rabs (b 0%nat - a 0%nat)).

Definition constant_decoder (a b : point) (m M : R) (x : point) : R := m.

(** The half of [m, M] that a number lies in. *)
Definition nearer_half (m M t : R) : half :=
  if Rle_dec t ((m + M) / 2) then Lower else Upper.

(** An exact decoder serves the other two tasks. *)

Lemma exact_approx C d D eps :
  0 <= eps -> decodes exact C d D -> decodes (approx eps) C d D.
Proof.
  intros He H f V a b x Cf Rf Ca Aa Cb Ab Cx; simpl.
  rewrite (H f V a b x Cf Rf Ca Aa Cb Ab Cx), Rminus_diag_eq, Rabs_R0 by reflexivity.
  destruct Rf as (B & _); specialize (B x Cx); unfold range; nra.
Qed.

Lemma exact_side C d D :
  decodes exact C d D ->
  decodes side C d (fun a b m M x => nearer_half m M (D a b m M x)).
Proof.
  intros H f V a b x Cf Rf Ca Aa Cb Ab Cx; simpl; unfold nearer_half.
  rewrite (H f V a b x Cf Rf Ca Aa Cb Ab Cx); unfold mid.
  destruct Rle_dec; lra.
Qed.

Theorem affine_1d_exact : decodes exact (affine 1) 1 line_decoder.
Proof.
  intros f V a b x (_ & w & c & H) Rf Ca Aa Cb Ab Cx; simpl.
  destruct Rf as (B & Hm & HM & _).
  pose proof (proj1 (Hm a Ca) Aa) as Fa; pose proof (proj1 (HM b Cb) Ab) as Fb.
  pose proof (B x Cx) as (Bm & _); unfold line_decoder; destruct Req_EM_T as [e | n].
  - pose proof (B x Cx); lra.
  - pose proof (B a Ca) as BM; rewrite Fa in BM.
    rewrite <- Fa in *; rewrite <- Fb in *; rewrite (H a Ca), (H b Cb), (H x Cx) in *; simpl in *.
    set (p := x 0%nat - a 0%nat); set (q := b 0%nat - a 0%nat); set (r := w 0%nat) in *.
    assert (P : Rabs r * Rabs p = r * p)
      by (rewrite <- Rabs_mult; apply Rabs_right; unfold p; lra).
    assert (Q : Rabs r * Rabs q = r * q)
      by (rewrite <- Rabs_mult; apply Rabs_right; unfold q; lra).
    assert (N : Rabs q <> 0) by (intros Z; rewrite Z in Q; apply n; unfold q in Q; lra).
    match goal with |- ?l + (?u - ?l) * _ = _ => replace (u - l) with (r * q) by (unfold q; ring) end.
    rewrite <- Q; replace (Rabs r * Rabs q * (Rabs p / Rabs q)) with (Rabs r * Rabs p)
      by (field; exact N).
    rewrite P; unfold p; ring.
Qed.

Theorem affine_1d_approx :
  forall eps, 0 <= eps -> decodes (approx eps) (affine 1) 1 line_decoder.
Proof. intros eps He; exact (exact_approx _ _ _ eps He affine_1d_exact). Qed.

Theorem affine_1d_side :
  decodes side (affine 1) 1 (fun a b m M x => nearer_half m M (line_decoder a b m M x)).
Proof. exact (exact_side _ _ _ affine_1d_exact). Qed.

Theorem constant_exact :
  forall d, (1 <= d)%nat -> decodes exact (constant d) d constant_decoder.
Proof.
  intros d _ f V a b x (c & H) (_ & Hm & _) Ca Aa Cb Ab Cx; simpl; unfold constant_decoder.
  rewrite <- (proj1 (Hm a Ca) Aa), (H a Ca), (H x Cx); reflexivity.
Qed.

Theorem constant_approx :
  forall d eps, (1 <= d)%nat -> 0 <= eps -> decodes (approx eps) (constant d) d constant_decoder.
Proof. intros d eps Hd He; exact (exact_approx _ _ _ eps He (constant_exact d Hd)). Qed.

Theorem constant_side :
  forall d, (1 <= d)%nat ->
  decodes side (constant d) d (fun a b m M x => nearer_half m M (constant_decoder a b m M x)).
Proof. intros d Hd; exact (exact_side _ _ _ (constant_exact d Hd)). Qed.
