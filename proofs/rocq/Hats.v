(** * Sums of hats, and the network with two hidden layers that computes them

    Definitions: [dist1] (the l1 distance), [hat] (height 1 at its centre, 0 from
    distance delta on), [hats delta c0 l] = c0 + sum of c * hat at p, for (p, c) in l,
    [hat_network] (its network: first layer relu(+-(z_i - p_i)), second layer
    relu(1 - (1/delta) |z - p|_1), affine output), [bump] (the triple of the
    black-box, neural-network, piecewise-affine and ERM rows).

    Main results: [hat_network_computes] and [hat_network_widths]; [hats_at],
    [hats_off] (hats with disjoint supports do not interact);
    [separation_exists]; [bump_triple]. *)

From Coq Require Import Reals Lra Lia Psatz List.
From Trompe Require Import Points Tasks Triples Networks.
Import ListNotations.
Open Scope R_scope.

Definition dist1 (d : nat) (y z : point) : R := sumn d (fun i => Rabs (y i - z i)).

Definition hat (d : nat) (delta : R) (p z : point) : R :=
  relu (1 - / delta * dist1 d z p).

(** A bump: its centre and its height. *)
Definition bumps : Type := list (point * R).

Fixpoint hats (d : nat) (delta c0 : R) (l : bumps) (z : point) : R :=
  match l with
  | [] => c0
  | (p, c) :: l' => c * hat d delta p z + hats d delta c0 l' z
  end.

(** ** The l1 distance *)

Lemma dist1_pos d y z : 0 <= dist1 d y z.
Proof. apply sumn_nonneg; intros; apply Rabs_pos. Qed.

Lemma dist1_sym d y z : dist1 d y z = dist1 d z y.
Proof. apply sumn_ext; intros; apply Rabs_minus_sym. Qed.

Lemma dist1_triangle d x y z : dist1 d x z <= dist1 d x y + dist1 d y z.
Proof.
  unfold dist1; rewrite <- sumn_plus; apply sumn_le; intros i _.
  replace (x i - z i) with ((x i - y i) + (y i - z i)) by ring; apply Rabs_triang.
Qed.

Lemma dist1_zero d y z : dist1 d y z = 0 <-> peq d y z.
Proof.
  unfold dist1; split.
  - intros H i Hi.
    pose proof (sumn_zero d _ (fun k _ => Rabs_pos (y k - z k)) H i Hi) as E; simpl in E.
    destruct (Req_dec (y i - z i) 0) as [|n]; [lra | apply Rabs_pos_lt in n; lra].
  - intros E; rewrite (sumn_ext d _ (fun _ => 0)), sumn_const; [lra|].
    intros i Hi; rewrite (E i Hi), Rminus_diag_eq, Rabs_R0; reflexivity.
Qed.

Lemma dist1_apart d y z : ~ peq d y z -> 0 < dist1 d y z.
Proof.
  intros N; destruct (dist1_pos d y z) as [|E]; [assumption|].
  exfalso; apply N, dist1_zero; auto.
Qed.

(** ** The network of a sum of hats *)

(** z |-> s * z_i + c *)
Definition probe (d i : nat) (s c : R) : neuron :=
  (map (fun k => if Nat.eqb k i then s else 0) (seq 0 d), c).

(** relu(z_i - p_i) for every i, then relu(p_i - z_i) for every i. *)
Definition block (d : nat) (p : point) : layer :=
  map (fun i => probe d i 1 (- p i)) (seq 0 d) ++
  map (fun i => probe d i (-1) (p i)) (seq 0 d).

Definition first_layer (d : nat) (l : bumps) : layer :=
  flat_map (fun pc => block d (fst pc)) l.

(** One neuron for each hat; it reads its own block and ignores the [before]
    neurons on its left and all those on its right. *)
Fixpoint second_layer (d : nat) (delta : R) (before : nat) (l : bumps) : layer :=
  match l with
  | [] => []
  | _ :: l' =>
      (repeat 0 before ++ repeat (- / delta) (d + d) ++ repeat 0 (length l' * (d + d)), 1)
      :: second_layer d delta (before + (d + d)) l'
  end.

Definition hat_network (d : nat) (delta c0 : R) (l : bumps) : network :=
  Network [first_layer d l; second_layer d delta 0 l] (map snd l, c0).

Lemma fire_probe d i s c z : (i < d)%nat -> fire (probe d i s c) (coords d z) = s * z i + c.
Proof.
  intros Hi; unfold probe; rewrite fire_coords; f_equal.
  rewrite (sumn_single d i); [rewrite Nat.eqb_refl; reflexivity | exact Hi |].
  intros k _ n; destruct (Nat.eqb_spec k i); [contradiction | ring].
Qed.

Lemma block_length d p : length (block d p) = (d + d)%nat.
Proof. unfold block; rewrite app_length, !map_length, seq_length; reflexivity. Qed.

Lemma block_total d p z :
  total (apply_layer (block d p) (coords d z)) = dist1 d z p.
Proof.
  unfold block; rewrite apply_layer_app, total_app; unfold apply_layer; rewrite !map_map.
  rewrite !total_map_seq, <- sumn_plus; apply sumn_ext; intros i Hi.
  rewrite !fire_probe by exact Hi; rewrite <- relu_abs; f_equal; f_equal; ring.
Qed.

Lemma first_layer_length d l : length (first_layer d l) = (length l * (d + d))%nat.
Proof.
  induction l as [|pc l IH]; [reflexivity|].
  simpl; rewrite app_length, block_length, IH; reflexivity.
Qed.

Lemma second_layer_computes d delta l z : forall v,
  apply_layer (second_layer d delta (length v) l)
              (v ++ apply_layer (first_layer d l) (coords d z))
  = map (fun pc => hat d delta (fst pc) z) l.
Proof.
  induction l as [|pc l IH]; intros v; [reflexivity|].
  assert (Lb : length (apply_layer (block d (fst pc)) (coords d z)) = (d + d)%nat)
    by (unfold apply_layer; rewrite map_length; apply block_length).
  unfold first_layer; simpl flat_map; fold (first_layer d l); rewrite apply_layer_app.
  simpl second_layer; simpl map; rewrite apply_layer_cons; f_equal.
  - unfold fire; simpl fst; simpl snd.
    rewrite dot_app by apply repeat_length.
    rewrite dot_app by (rewrite repeat_length, Lb; reflexivity).
    rewrite !dot_zeros, <- Lb, dot_repeat, block_total; unfold hat; f_equal; ring.
  - rewrite <- Lb, <- app_length, app_assoc; apply IH.
Qed.

Lemma hats_dot d delta c0 l z :
  hats d delta c0 l z = fire (map snd l, c0) (map (fun pc => hat d delta (fst pc) z) l).
Proof.
  induction l as [|[p c] l IH]; unfold fire in *; simpl in *; [lra|].
  rewrite IH; ring.
Qed.

Theorem hat_network_computes d delta c0 l z :
  hats d delta c0 l z = denote d (hat_network d delta c0 l) z.
Proof.
  rewrite hats_dot; unfold denote, run, hat_network; simpl; f_equal; symmetry.
  exact (second_layer_computes d delta l z []).
Qed.

Theorem hat_network_widths d delta c0 l :
  widths (hat_network d delta c0 l) = [length l * (d + d); length l]%nat.
Proof.
  unfold widths; simpl; rewrite first_layer_length; do 2 f_equal.
  generalize 0%nat; induction l as [|pc l IH]; intros n; simpl; auto.
Qed.

Lemma hat_network_well_formed d delta c0 l : well_formed d (hat_network d delta c0 l).
Proof.
  unfold well_formed; simpl; rewrite first_layer_length; split; [|split].
  - apply Forall_forall; intros u Hu; apply in_flat_map in Hu; destruct Hu as (pc & _ & Hu).
    unfold block in Hu; apply in_app_or in Hu.
    destruct Hu as [Hu | Hu]; apply in_map_iff in Hu; destruct Hu as (i & <- & _);
      simpl; rewrite map_length, seq_length; reflexivity.
  - change (length l * (d + d))%nat with (0 + length l * (d + d))%nat; generalize 0%nat.
    induction l as [|pc l IH]; intros n; simpl; constructor; simpl.
    + rewrite !app_length, !repeat_length; lia.
    + replace (n + (d + d + length l * (d + d)))%nat
        with (n + (d + d) + length l * (d + d))%nat by lia; apply IH.
  - rewrite map_length; generalize 0%nat; induction l as [|pc l IH]; intros n; simpl; auto.
Qed.

Lemma hats_are_networks d delta c0 l f :
  (forall z, f z = hats d delta c0 l z) ->
  network_of_widths d [length l * (d + d); length l]%nat f.
Proof.
  intros H; rewrite <- (hat_network_widths d delta c0 l); apply network_computes.
  - apply hat_network_well_formed.
  - intros z _; rewrite H; apply hat_network_computes.
Qed.

(** ** Disjoint supports *)

Definition centres (l : bumps) : list point := map fst l.

Definition separated (d : nat) (delta : R) (ps : list point) : Prop :=
  ForallOrdPairs (fun p q => 2 * delta <= dist1 d p q) ps.

Lemma separated_smaller d delta delta' ps :
  delta' <= delta -> separated d delta ps -> separated d delta' ps.
Proof.
  intros H S; induction S as [|q qs Hq S IH]; constructor; auto.
  eapply Forall_impl; [|exact Hq]; simpl; intros; lra.
Qed.

Lemma separation_exists d ps :
  distinct d ps -> exists delta, 0 < delta /\ separated d delta ps.
Proof.
  intros D; induction D as [|p ps Hp D (delta & Hd & S)].
  - exists 1; split; [lra | constructor].
  - assert (E : exists e, 0 < e /\ Forall (fun q => 2 * e <= dist1 d p q) ps).
    { clear D S; induction Hp as [|q qs Hq Hp (e & He & F)].
      - exists 1; split; [lra | constructor].
      - pose proof (dist1_apart d p q Hq) as Hpq.
        pose proof (Rmin_l e (dist1 d p q / 2)); pose proof (Rmin_r e (dist1 d p q / 2)).
        exists (Rmin e (dist1 d p q / 2)); split; [apply Rmin_glb_lt; lra|].
        constructor; [lra|]; eapply Forall_impl; [|exact F]; simpl; intros; lra. }
    destruct E as (e & He & F); exists (Rmin e delta).
    pose proof (Rmin_l e delta); pose proof (Rmin_r e delta).
    split; [apply Rmin_glb_lt; lra|]; constructor.
    + eapply Forall_impl; [|exact F]; simpl; intros; lra.
    + apply (separated_smaller d delta); [lra | exact S].
Qed.

Section Disjoint.
  Variables (d : nat) (delta : R).
  Hypothesis Hdelta : 0 < delta.

  Lemma hat_range p z : 0 <= hat d delta p z <= 1.
  Proof.
    assert (0 <= / delta * dist1 d z p)
      by (apply Rmult_le_pos; [left; apply Rinv_0_lt_compat, Hdelta | apply dist1_pos]).
    unfold hat, relu, Rmax; destruct Rle_dec; lra.
  Qed.

  Lemma hat_centre p z : peq d p z -> hat d delta p z = 1.
  Proof.
    intros E; unfold hat; rewrite (proj2 (dist1_zero d z p)) by (apply peq_sym, E).
    rewrite relu_nonneg; lra.
  Qed.

  Lemma hat_one p z : hat d delta p z = 1 -> peq d p z.
  Proof.
    intros H; apply peq_sym, dist1_zero.
    pose proof (dist1_pos d z p); pose proof (Rinv_0_lt_compat _ Hdelta).
    destruct (Rmult_integral (/ delta) (dist1 d z p)); [| lra | assumption].
    revert H; unfold hat, relu, Rmax; destruct Rle_dec; nra.
  Qed.

  Lemma hat_near p z : 0 < hat d delta p z -> dist1 d z p < delta.
  Proof.
    intros H; apply (Rmult_lt_reg_l (/ delta)); [apply Rinv_0_lt_compat, Hdelta|].
    rewrite Rinv_l by lra; revert H; unfold hat, relu, Rmax; destruct Rle_dec; lra.
  Qed.

  Lemma hats_disjoint p q z :
    2 * delta <= dist1 d p q -> 0 < hat d delta p z -> hat d delta q z = 0.
  Proof.
    intros S H; destruct (proj1 (hat_range q z)) as [K | K]; [exfalso | auto].
    apply hat_near in H; apply hat_near in K.
    pose proof (dist1_triangle d p z q); rewrite (dist1_sym d p z) in *; lra.
  Qed.

  Lemma hats_off c0 l z :
    (forall p c, In (p, c) l -> hat d delta p z = 0) -> hats d delta c0 l z = c0.
  Proof.
    induction l as [|[p c] l IH]; intros H; simpl; [reflexivity|].
    rewrite IH, (H p c); [ring | left; reflexivity | intros q e Hq; apply (H q e); right; exact Hq].
  Qed.

  Lemma hats_at c0 l p c z :
    separated d delta (centres l) -> In (p, c) l -> 0 < hat d delta p z ->
    hats d delta c0 l z = c0 + c * hat d delta p z.
  Proof.
    induction l as [|[q e] l IH]; simpl; [intros _ []|].
    intros S [E | Hin] Hp; inversion_clear S as [|? ? F S'].
    - injection E; intros; subst; rewrite hats_off; [ring|].
      intros p' c' Hin; apply (hats_disjoint p); [|exact Hp].
      rewrite Forall_forall in F; apply F; exact (in_map fst l (p', c') Hin).
    - rewrite (IH S' Hin Hp), (hats_disjoint p q z); [ring | | exact Hp].
      rewrite Forall_forall in F; rewrite dist1_sym; apply F; exact (in_map fst l (p, c) Hin).
  Qed.

  (** Every point is off all hats, or under exactly one. *)
  Lemma hats_cases c0 l z :
    separated d delta (centres l) ->
    hats d delta c0 l z = c0 \/
    exists p c, In (p, c) l /\ 0 < hat d delta p z /\
                hats d delta c0 l z = c0 + c * hat d delta p z.
  Proof.
    intros S.
    assert (G : (forall p c, In (p, c) l -> hat d delta p z = 0) \/
                exists p c, In (p, c) l /\ 0 < hat d delta p z).
    { clear S; induction l as [|[p c] l IH]; [left; intros p c []|].
      destruct (proj1 (hat_range p z)) as [K | K].
      - right; exists p, c; split; [left; reflexivity | exact K].
      - destruct IH as [Z | (q & e & Hq & K')].
        + left; intros q e [E | Hq]; [injection E; intros; subst; auto | exact (Z q e Hq)].
        + right; exists q, e; split; [right; exact Hq | exact K']. }
    destruct G as [Z | (p & c & Hin & K)]; [left; apply hats_off, Z | right].
    exists p, c; repeat split; auto; apply hats_at; auto.
  Qed.

  Lemma hats_centre c0 l p c z :
    separated d delta (centres l) -> In (p, c) l -> peq d p z ->
    hats d delta c0 l z = c0 + c.
  Proof.
    intros S Hin E; rewrite (hats_at c0 l p c) by (auto; rewrite hat_centre; auto; lra).
    rewrite hat_centre by exact E; ring.
  Qed.

End Disjoint.

(** ** The triple *)

(** The hats of the pair: down to m at [a], up to M at [b], through the labels at
    the data, and free (height [c]) at the query [x]. *)
Definition bump (a b x : point) (m M : R) (data : list (point * R)) (c : R) : bumps :=
  (a, - ((M - m) / 2)) :: (b, (M - m) / 2) :: (x, c) ::
  map (fun sy => (fst sy, snd sy - (m + M) / 2)) data.

Definition bump_fn d delta a b x m M data c : fn :=
  hats d delta ((m + M) / 2) (bump a b x m M data c).

Lemma bump_centres a b x m M data c :
  centres (bump a b x m M data c) = a :: b :: x :: map fst data.
Proof. unfold centres, bump; simpl; rewrite map_map; reflexivity. Qed.

Lemma bump_mix d delta a b x m M data eta c c' z :
  mix eta (bump_fn d delta a b x m M data c) (bump_fn d delta a b x m M data c') z
  = bump_fn d delta a b x m M data ((1 - eta) * c + eta * c') z.
Proof. unfold mix, bump_fn, bump; simpl; ring. Qed.

Definition labels_inside (m M : R) (data : list (point * R)) : Prop :=
  Forall (fun sy => m < snd sy < M) data.

Section Bump.
  Variables (d : nat) (delta : R) (a b x : point) (m M : R) (data : list (point * R)).
  Hypothesis Hdelta : 0 < delta.
  Hypothesis Hsep : separated d delta (a :: b :: x :: map fst data).
  Hypothesis HmM : m < M.
  Hypothesis Hlab : labels_inside m M data.

  Let f := bump_fn d delta a b x m M data.

  Lemma bump_sep c : separated d delta (centres (bump a b x m M data c)).
  Proof. rewrite bump_centres; exact Hsep. Qed.

  Lemma bump_value c p e z :
    In (p, e) (bump a b x m M data c) -> peq d p z -> f c z = (m + M) / 2 + e.
  Proof. intros H E; apply (hats_centre d delta Hdelta) with p; auto; apply bump_sep. Qed.

  Lemma bump_a c : f c a = m.
  Proof. rewrite (bump_value c a (- ((M - m) / 2))); [lra | left; auto | apply peq_refl]. Qed.

  Lemma bump_b c : f c b = M.
  Proof. rewrite (bump_value c b ((M - m) / 2)); [lra | right; left; auto | apply peq_refl]. Qed.

  Lemma bump_x c : f c x = (m + M) / 2 + c.
  Proof. apply (bump_value c x c); [right; right; left; auto | apply peq_refl]. Qed.

  Lemma bump_interpolates c s y : In (s, y) data -> f c s = y.
  Proof.
    intros H; rewrite (bump_value c s (y - (m + M) / 2)); [lra | | apply peq_refl].
    do 3 right; exact (in_map (fun sy => (fst sy, snd sy - (m + M) / 2)) data (s, y) H).
  Qed.

  (** Inside [m, M]; the ends only at a and b, unless x is pushed there. *)
  Lemma bump_heights c p e :
    In (p, e) (bump a b x m M data c) ->
    (p, e) = (a, - ((M - m) / 2)) \/ (p, e) = (b, (M - m) / 2) \/ (p, e) = (x, c) \/
    - ((M - m) / 2) < e < (M - m) / 2.
  Proof.
    intros [E | [E | [E | H]]]; auto; do 3 right.
    apply in_map_iff in H; destruct H as ([s y] & E & Hin); injection E; intros; subst.
    unfold labels_inside in Hlab; rewrite Forall_forall in Hlab.
    specialize (Hlab _ Hin); simpl in *; lra.
  Qed.

  Lemma bump_spans c : - ((M - m) / 2) <= c <= (M - m) / 2 -> spans d a b m M (f c).
  Proof.
    intros Hc; split; [|split; [apply bump_a | apply bump_b]].
    intros z _; destruct (hats_cases d delta Hdelta ((m + M) / 2) _ z (bump_sep c))
      as [E | (p & e & Hin & Hp & E)]; unfold f, bump_fn; rewrite E; [lra|].
    pose proof (hat_range d delta Hdelta p z) as Hr.
    assert (- ((M - m) / 2) <= e <= (M - m) / 2).
    { destruct (bump_heights c p e Hin) as [K | [K | [K | K]]]; try (injection K; intros); lra. }
    nra.
  Qed.

  Lemma bump_strict c : - ((M - m) / 2) < c < (M - m) / 2 -> strict d a b m M (f c).
  Proof.
    intros Hc; split; intros z _ H;
      destruct (hats_cases d delta Hdelta ((m + M) / 2) _ z (bump_sep c))
        as [E | (p & e & Hin & Hp & E)]; unfold f, bump_fn in H; rewrite E in H; try lra;
      pose proof (hat_range d delta Hdelta p z) as Hr;
      destruct (bump_heights c p e Hin) as [K | [K | [K | K]]];
      try (injection K; intros; subst); try nra;
      apply (hat_one d delta Hdelta); nra.
  Qed.

  (** For every class that contains the hat functions of these data. *)
  Lemma bump_triple (C : class) :
    cube d a -> cube d b -> (forall g, C g -> ext d g) ->
    (forall g c, (forall z, g z = f c z) -> C g) ->
    triple C d a b m M (f ((M - m) / 2)) (f (- ((M - m) / 2))) (f 0).
  Proof.
    intros Ca Cb HC HB; constructor; auto;
      try (apply bump_spans; lra); try (apply bump_strict; lra);
      intros eta _; eapply HB; intros z; apply bump_mix.
  Qed.

  Lemma bump_undecidable T (C : class) :
    demanding T -> cube d a -> cube d b -> (forall g, C g -> ext d g) ->
    (forall g c, (forall z, g z = f c z) -> C g) ->
    undecidable T C d (shown d a b m M) x.
  Proof.
    intros HT Ca Cb HC HB; eapply triple_undecidable; [apply bump_triple; eassumption|].
    rewrite !bump_x.
    replace ((m + M) / 2 + (M - m) / 2) with M by field.
    replace ((m + M) / 2 + - ((M - m) / 2)) with m by field.
    apply apart_extremes; assumption.
  Qed.
End Bump.
