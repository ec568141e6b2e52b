/* What people want to do, each with the view in which it is done. The help shows those that a search finds. */

/**
 * `go`: the link that the button opens, "" where it is done in whichever view is open; `also`: words that people use for it;
 * `{minutes}` is for how long the server keeps an uploaded picture.
 * @typedef {{title: string, text: string, go: string, also: string}} Answer
 */

/** @type {Answer[]} */
export const ANSWERS = [
  // ---- beginning
  {
    title: "What is a Vision Transformer?",
    text: "A network that cuts a picture into patches, turns each into a token, and lets all tokens look at each other, layer by layer. Home shows it whole, with your picture in it.",
    go: "tab=home",
    also: "ViT transformers how it works how does it work explain introduction overview architecture AI neural network basics",
  },
  {
    title: "Another picture",
    text: "Beside the picture stand samples to choose from; Random takes a test picture by lot.",
    go: "tab=home",
    also: "pictures image images example examples sample choose change switch different select gallery cat lion dog",
  },
  {
    title: "Another network",
    text: "The list below the picture, or at the top of Home, chooses the network that all views show. Get, below it, downloads larger ones.",
    go: "tab=home",
    also: "model models networks choose change switch different select list menu other pretrained bigger ResNet DINO DeiT weights timm Hugging Face open load",
  },
  {
    title: "Your own pictures",
    text: "Upload and Camera stand beside the picture; it can be dropped or pasted too. Classify takes many at once, and Train lets networks learn from yours.",
    go: "tab=classify",
    also: "photo photos image images file files jpeg jpg png heic camera webcam upload bring use selfie phone drag paste import",
  },
  {
    title: "Mark a patch",
    text: "Pointing at a patch marks it in every view, a click keeps it marked. Arrow keys move the mark while a picture has the focus; Escape lets go.",
    go: "",
    also: "select choose pin unpin click tap hover highlight square orange frame outline token",
  },
  {
    title: "Guess first",
    text: "At the upper right, above many views: a question to answer before you look. The page checks the guess against its own numbers.",
    go: "",
    also: "quiz question questions game play test me students",
  },
  {
    title: "Exercises to work through",
    text: "Three exercises lead through the page, and it checks the answers. Print makes a sheet of them, with lines to write on.",
    go: "tab=exercises",
    also: "exercise homework task worksheet quiz question questions students pupils class school lesson teach teaching teacher learn course printing paper",
  },
  {
    title: "Give a talk",
    text: "Keep, or key K, keeps what is on screen as a scene; S lists the scenes, in the order and with the notes that you give them, and copies one link to them all. Present, or P, shows them large: a clicker, or Page Down and Page Up, goes from one to the next, N opens your notes in a second window, B makes the screen black.",
    go: "present=1",
    also: "presentation presenting presenter slide slides slideshow powerpoint keynote lecture lesson speech demo classroom audience room projector beamer remote pointer stage big full fullscreen larger enlarge scene order teach black blank screen",
  },
  {
    title: "Undo",
    text: "Back of the browser returns to the view before. Test it has Undo and Reset of its own, and Start over, at the end of this help, resets the page.",
    go: "tab=attention&sub=test",
    also: "revert restore back return previous cancel mistake redo",
  },
  {
    title: "Light, dark, larger letters",
    text: "Dark, or Light, in the header switches the colours. Ctrl and + make everything larger; so does + in Present.",
    go: "",
    also: "theme mode night black white bright contrast colour color font size text letter bigger small zoom accessibility",
  },
  {
    title: "What the colours mean",
    text: "Orange: the token that looks, or is marked. Blue: the one that is looked at. Maps of attention run from dark, little, to bright, much. In Features like colours are like tokens.",
    go: "tab=features&sub=maps",
    also: "color colors colour legend scale purple yellow green heatmap heat map meaning rainbow red",
  },
  {
    title: "As Python",
    text: "Below most views: the lines of the package that compute the same numbers. It can be used without the page.",
    go: "tab=attention&sub=rollout",
    also: "code script notebook jupyter program programming API source library package github pytorch numpy developer",
  },

  // ---- the answer of a network
  {
    title: "Why does it say that?",
    text: "Explain says which part of the picture the answer comes from, and how far to believe each map; Test it beside it takes parts away, and says whether the answer still stands.",
    go: "tab=attention&sub=explain",
    also: "reason reasons because explain explanation decide decision say says answer look looks prediction understand",
  },
  {
    title: "Can I trust the answer?",
    text: "A high probability alone is no proof. Classify asks several networks, and says in a sentence on which pictures they agree and which answers to trust.",
    go: "tab=classify",
    also: "sure certain certainty confidence confident believe reliable right true correct safe percent probability",
  },
  {
    title: "Why is it wrong?",
    text: "A network can only name its own classes, and sees a small square of the picture. Another model of the list may know it; Confusions shows which classes are taken for each other.",
    go: "tab=compare&sub=confusions",
    also: "false mistake mistakes error errors fault unknown answer confuse confused mixed up incorrect stupid bad fail",
  },
  {
    title: "What can it name?",
    text: "The shipped networks name the ten classes of their training pictures: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck. Those that Get downloads name 1,000.",
    go: "tab=compare&sub=confusions",
    also: "class classes label labels category categories object objects recognise recognize know person people face human car unknown list",
  },
  {
    title: "Many pictures at once",
    text: "Classify shows several of your pictures to all models, side by side.",
    go: "tab=classify",
    also: "several batch multiple images photos folder all",
  },
  {
    title: "How the answer forms, layer by layer",
    text: "Layers reads the answer after every layer, as if the network ended there.",
    go: "tab=attention&sub=layers",
    also: "depth logit lens early exit intermediate block inside develop change grow",
  },

  // ---- comparing
  {
    title: "Compare networks",
    text: "One picture shows what each model says, and where it looked. Architectures compares accuracy, size, cost and speed.",
    go: "tab=compare&sub=one-picture",
    also: "comparing comparison model models difference versus vs side accurate accuracy all",
  },
  {
    title: "Two networks side by side",
    text: "The patches of one picture in two networks: their colours, and what is like the marked patch.",
    go: "tab=features&sub=networks",
    also: "compare comparison model models features both second",
  },
  {
    title: "Which network should I use?",
    text: "Three questions lead to an architecture, with the reasons.",
    go: "tab=compare&sub=guide",
    also: "best choose choice recommend recommendation advice pick model decide good",
  },
  {
    title: "How accurate, how fast, how large?",
    text: "Architectures lists the models with their accuracy, parameters and cost, measures their speed on this machine, and names published results.",
    go: "tab=compare&sub=architectures",
    also: "accuracy speed time latency parameters size weights million benchmark imagenet state art performance number table",
  },

  // ---- attention
  {
    title: "Mute a head",
    text: "In Test it, each head of each layer has a button under “Mute heads”: muted, it adds nothing, and the network answers again. A second press lets it speak.",
    go: "tab=attention&sub=test",
    also: "switch off turn off on disable remove silence kill delete unmute prune ablate without knock out",
  },
  {
    title: "Take patches away",
    text: "In Test it, click or drag over the picture to erase patches, erase the strongest of a map at once, or as many at random.",
    go: "tab=attention&sub=test",
    also: "erase erased remove hide cover delete occlude occlusion blur grey cut out part crucial important importance need needed matter ablation shuffle",
  },
  {
    title: "Heads that look nearest and farthest",
    text: "Below the maps of Heads, two buttons lead to the head that looks nearest in this picture, and to the one that looks farthest. Layers shows how far every head looks.",
    go: "tab=attention&sub=heads",
    also: "near nearer close closest local far farther furthest further distant distance global long range reach",
  },
  {
    title: "Compare heads",
    text: "Heads shows the maps of all heads of all layers, on one scale or each on its own. “Compare two heads” holds the enlarged one while you choose another beside it.",
    go: "tab=attention&sub=heads",
    also: "comparing comparison difference different differ versus every all maps which overview",
  },
  {
    title: "One head, number by number",
    text: "Inside a head follows one query: its scores with all keys, their softmax, and the weighted sum of the values.",
    go: "tab=attention&sub=inside",
    also: "formula equation math maths mathematics calculate compute computed calculation step QKV dot product detail query key value attention how",
  },
  {
    title: "Where the network looked",
    text: "Heads shows what a patch, or CLS, looks at in each head; Rollout multiplies all layers into one map.",
    go: "tab=attention&sub=heads",
    also: "look looking attend attention map heatmap saliency focus see sees eye important",
  },
  {
    title: "A map that is worse than random",
    text: "Explain erases patches in the order of each map, and in random orders. A map that “loses to random” names patches that mattered less than any others.",
    go: "tab=attention&sub=explain",
    also: "explanation maps chance beat beats better bad good score scores quality faithful compare which saliency",
  },

  // ---- patches, positions, features
  {
    title: "How many tokens?",
    text: "As many as the picture has patches, and CLS: 64 + 1 for patches of 4 × 4 in 32 × 32 pixels. Patches counts them for every size of a patch, with what attention among them costs.",
    go: "tab=patches",
    also: "number count patches patch size length sequence squares big small smaller resolution grid change pairs",
  },
  {
    title: "How a patch becomes numbers",
    text: "Lower on the page of Patches: the pixels of the marked patch, and the one matrix that makes a token of them. Point at a number to see it computed.",
    go: "tab=patches",
    also: "embedding vector pixel projection linear matrix convert filters filter encode",
  },
  {
    title: "What if patches do not know their places?",
    text: "Positions shuffles what the patches know about their places, or takes it away, and the network answers again.",
    go: "tab=positions",
    also: "position positions positional encoding embedding shuffle shuffled scramble without place places matter",
  },
  {
    title: "Find similar pictures",
    text: "Nearest pictures lists the test pictures that a network finds most like yours.",
    go: "tab=features&sub=nearest",
    also: "alike like same neighbour neighbours nearest closest search retrieval image images",
  },
  {
    title: "Parts that are alike",
    text: "Maps colours the patches so that like tokens have like colours, and compares the marked patch with all others, in a second picture too.",
    go: "tab=features&sub=maps",
    also: "similar similarity same cosine segment segmentation PCA component features object background correspondence",
  },

  // ---- windows
  {
    title: "The mask of shifted windows, on and off",
    text: "Masks shows which tokens of a window the mask keeps apart. “Mask off” lets the network answer without it, “Mask on” turns it on again.",
    go: "tab=windows&sub=masks",
    also: "shift turn back switch disable remove swin attention border edge cyclic minus infinity",
  },
  {
    title: "Swin, step by step",
    text: "Windows plays one pair of Swin's blocks in eight steps: windows, attention, shift, mask and merging.",
    go: "tab=windows&sub=steps",
    also: "window shifted cyclic local hierarchy animation play film merge",
  },
  {
    title: "What attention costs",
    text: "Cost compares attention among all tokens with attention in windows, by multiply-adds and by the clock.",
    go: "tab=windows&sub=cost",
    also: "quadratic expensive cheap compute memory FLOPs efficient complexity slow speed time",
  },

  // ---- training
  {
    title: "How do I train?",
    text: "In Train, choose a question and press Play: small networks learn side by side while you watch. A race of the first presets takes a minute or so.",
    go: "tab=train&sub=race",
    also: "training learn learning race model own new fit teach epochs from scratch finetune fine tune weights",
  },
  {
    title: "Train on your own pictures",
    text: "In Train, open “Pictures, epochs and probe”, and choose a folder with one folder for each class, a .zip of it, or an .npz.",
    go: "tab=train&sub=race",
    also: "dataset data upload photos images folder zip class classes custom bring",
  },
  {
    title: "Which processor trains?",
    text: "Training runs on the computer that serves this page, not on yours if that is another: on its GPU where PyTorch finds one, else on its CPU. Edit of a contender names the device.",
    go: "tab=train&sub=race",
    also: "GPU GPUs CUDA graphics card nvidia CPU device hardware TPU Mac fast faster speed server cloud colab",
  },
  {
    title: "It takes too long",
    text: "Fewer pictures and epochs make a race shorter: “Pictures, epochs and probe”. If others train or measure, yours waits for its turn, and the page says so.",
    go: "tab=train&sub=race",
    also: "slow wait waiting stuck hang hangs queue nothing happens loading speed faster stop pause cancel",
  },
  {
    title: "Keep a trained model",
    text: "When a race has ended, press “Keep this model” on its card: it joins the list of models, and every tab can open it.",
    go: "tab=train&sub=race",
    also: "save store kept training train network checkpoint weights reuse",
  },
  {
    title: "A ViT against a CNN",
    text: "A race of the two, from the same pictures, with live curves. Hunger for data compares five kinds of networks on few pictures and many.",
    go: "tab=train&sub=race&setup=vit-cnn",
    also: "versus vs convolution convolutional difference compare better which ResNet race",
  },
  {
    title: "How much data does it need?",
    text: "Hunger for data draws the accuracy of five kinds of networks over the number of training pictures, and adds a point of your own.",
    go: "tab=train&sub=hunger",
    also: "many pictures images dataset size few small scaling sample efficient",
  },
  {
    title: "Make training pictures harder",
    text: "Ingredients shows on your picture what DeiT's recipe does to training pictures: crops, colours, erased parts, blends.",
    go: "tab=recipe&sub=ingredients",
    also: "augment augmentation random mixup cutmix regularisation regularization flip overfitting trick tricks",
  },
  {
    title: "Which ingredient helped most?",
    text: "From a plain ViT to DeiT, one ingredient after another, each trained with several seeds.",
    go: "tab=recipe&sub=ladder",
    also: "recipe ablation study improvement accuracy gain trick best matter",
  },

  // ---- text
  {
    title: "Where Transformers come from",
    text: "Roots shows the text Transformer behind the ViT: it reverses or sorts letters, one at a time.",
    go: "tab=roots&sub=cross",
    also: "language text word words translation translate GPT ChatGPT LLM BERT history origin original encoder decoder letters attention is all you need",
  },
  {
    title: "How text is written",
    text: "Decoding shows greedy decoding and beam search as a tree, letter by letter.",
    go: "tab=roots&sub=decoding",
    also: "generate generation output sampling next word beam greedy predict language",
  },

  // ---- keeping and sharing
  {
    title: "Save a figure or its numbers",
    text: "Save, at the upper right of a figure, offers it as a picture, and its numbers as a table where there are some. What is on screen is kept by Copy link, in the header.",
    go: "",
    also: "download export store keep table file csv png svg pdf gif npz image screenshot print data values excel slides paper",
  },
  {
    title: "Delete what you brought",
    text: "The server forgets an uploaded picture by itself, {minutes} minutes or more after it was last looked at. In Train, Delete stands beside each race and each set of pictures of your own.",
    go: "tab=train&sub=race",
    also: "remove forget erase clear own upload uploaded photo photos picture race data",
  },
];
