(** * Checking a maximiser against data: what no audit can see

    Somebody shows p as the maximiser of a trained network, with the values of the network on a
    finite set of other inputs. On such data every p passes: for any values there is a network
    that takes them and has its only maximum at p.

    Main results: [audit] (that network), [audit_blind] (an alarm that is never false never
    sounds), [audit_hidden] (two networks with the same hidden layers and the same values on the
    data, whose maximisers are p and q: seeing every hidden activation does not help).

    The theorems are this project's own. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Networks Hats Erm LevelCells.
Import ListNotations.
Open Scope R_scope.

Theorem audit d data p a m M :
  (1 <= d)%nat -> Forall (cube d) (a :: p :: map fst data) ->
  distinct d (a :: p :: map fst data) -> m < M -> labels_inside m M data ->
  exists g, neural_network d g /\ interpolates data g /\ represents d (shown d a p m M) g.
Proof.
  intros Hd HC HD Hm Hl; destruct (fresh d (a :: p :: map fst data) Hd) as (x & Cx & N).
  inversion_clear HC as [|? ? Ca HC']; inversion_clear HC' as [|? ? Cp HC].
  inversion_clear HD as [|? ? Fa HD']; inversion_clear HD' as [|? ? Fp HD].
  inversion_clear N as [|? ? Na N']; inversion_clear N' as [|? ? Np N].
  inversion_clear Fa as [|? ? Nap Fa'].
  destruct (erm_all exact d data a p x m M) as ((f & _ & (Nf & If & _) & _ & Rf & _) & _);
    simpl; auto; [|exists f; auto].
  repeat (constructor; auto).
  eapply Forall_impl; [|exact N]; simpl; auto using peq_sym.
Qed.

Theorem audit_blind d data p a m M (alarm : point -> dataset -> Prop) :
  (1 <= d)%nat -> Forall (cube d) (a :: p :: map fst data) ->
  distinct d (a :: p :: map fst data) -> m < M -> labels_inside m M data ->
  (forall f a' m' M', neural_network d f -> interpolates data f ->
     represents d (shown d a' p m' M') f -> ~ alarm p data) ->
  ~ alarm p data.
Proof.
  intros Hd HC HD Hm Hl H; destruct (audit d data p a m M) as (g & N & I & Rg); auto.
  exact (H g a m M N I Rg).
Qed.

(** ** The same hidden layers *)

Lemma hidden_same d delta c0 (l l' : bumps) :
  map fst l = map fst l' -> hidden (hat_network d delta c0 l) = hidden (hat_network d delta c0 l').
Proof.
  intros E; assert (F : first_layer d l = first_layer d l' /\
    forall n, second_layer d delta n l = second_layer d delta n l' /\ length l = length l').
  { revert l' E; induction l as [|pc l IH]; intros [|pc' l'] E; simpl in *; try discriminate; auto.
    injection E as E1 E2; destruct (IH l' E2) as (A & B); split.
    - unfold first_layer in *; rewrite E1, A; reflexivity.
    - intros n; destruct (B (n + (d + d))%nat) as (B1 & B2); rewrite B1, B2; auto. }
  destruct F as (A & B); simpl; rewrite A, (proj1 (B 0%nat)); reflexivity.
Qed.

Lemma spans_strict_represents d a b m M f :
  ext d f -> cube d a -> cube d b -> spans d a b m M f -> strict d a b m M f ->
  represents d (shown d a b m M) f.
Proof.
  intros E Ca Cb (B & Fa & Fb) (Sa & Sb); split; [exact B|]; simpl; repeat split; auto.
  - intros P; rewrite <- (E a z Ca P); exact Fa.
  - intros P; rewrite <- (E b z Cb P); exact Fb.
  - exists a; split; [exact Ca | apply peq_refl].
  - exists b; split; [exact Cb | apply peq_refl].
Qed.

(** The bumps at a, p, q and the data; the second network exchanges the heights at p and q. *)
Theorem audit_hidden d data a p q m M :
  Forall (cube d) (a :: p :: q :: map fst data) -> distinct d (a :: p :: q :: map fst data) ->
  m < M -> labels_inside m M data ->
  exists N N' : network,
    hidden N = hidden N' /\ well_formed d N /\ well_formed d N' /\
    widths N = [(3 + length data) * (d + d); 3 + length data]%nat /\
    interpolates data (denote d N) /\ interpolates data (denote d N') /\
    represents d (shown d a p m M) (denote d N) /\ represents d (shown d a q m M) (denote d N').
Proof.
  intros HC D H Hl; destruct (separation_exists d _ D) as (r & Hr & S).
  assert (S' : separated d r (a :: q :: p :: map fst data)).
  { inversion_clear S as [|? ? Fa S1]; inversion_clear S1 as [|? ? Fp S2].
    inversion_clear S2 as [|? ? Fq S3]; inversion_clear Fa as [|? ? ? Fa1].
    inversion_clear Fa1; inversion_clear Fp.
    rewrite dist1_sym in H3; constructor; [|constructor; [|constructor]]; auto. }
  inversion_clear HC as [|? ? Ca HC']; inversion_clear HC' as [|? ? Cp HC''];
    inversion_clear HC'' as [|? ? Cq _].
  set (l := bump a p q m M data 0).
  set (l' := (a, - ((M - m) / 2)) :: (p, 0) :: (q, (M - m) / 2)
             :: map (fun sy => (fst sy, snd sy - (m + M) / 2)) data).
  assert (E : forall z, denote d (hat_network d r ((m + M) / 2) l) z
    = bump_fn d r a p q m M data 0 z)
    by (intros z; symmetry; apply hat_network_computes).
  assert (E' : forall z, denote d (hat_network d r ((m + M) / 2) l') z
    = bump_fn d r a q p m M data 0 z)
    by (intros z; rewrite <- hat_network_computes; unfold bump_fn, bump, l'; simpl; ring).
  assert (G : forall u v N, cube d u -> separated d r (a :: u :: v :: map fst data) ->
    (forall z, denote d N z = bump_fn d r a u v m M data 0 z) ->
    interpolates data (denote d N) /\ represents d (shown d a u m M) (denote d N)).
  { intros u v N Cu T EN; split.
    - intros s y Hin; rewrite EN; apply (bump_interpolates d r a u v m M data Hr T 0 s y Hin).
    - pose proof (bump_spans d r a u v m M data Hr T H Hl 0 ltac:(lra)) as (B & Fa & Fb).
      pose proof (bump_strict d r a u v m M data Hr T Hl 0 ltac:(lra)) as (Sa & Sb).
      apply spans_strict_represents; auto.
      + intros y z _ P; apply denote_ext, P.
      + split; [intros z Cz; rewrite EN; auto | rewrite !EN; auto].
      + split; intros z Cz; rewrite EN; auto. }
  exists (hat_network d r ((m + M) / 2) l), (hat_network d r ((m + M) / 2) l').
  destruct (G p q _ Cp S E) as (I & Rf), (G q p _ Cq S' E') as (I' & Rf').
  split; [apply hidden_same; reflexivity|].
  do 2 (split; [apply hat_network_well_formed|]); split; [|auto].
  rewrite hat_network_widths; unfold l, bump; simpl; rewrite map_length; reflexivity.
Qed.
