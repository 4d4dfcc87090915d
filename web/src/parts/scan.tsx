import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icon.tsx';

interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
type DetectorOf = new (options: { formats: string[] }) => Detector;

const detectorOf = (globalThis as { BarcodeDetector?: DetectorOf }).BarcodeDetector;

/** Reads a QR code with the camera, where the browser can; what it sees stays in the page. */
export function Scan({ onRead }: { readonly onRead: (text: string) => void }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  if (detectorOf === undefined) return null;
  return isOpen ? (
    <Camera
      onRead={(text) => {
        setOpen(false);
        onRead(text);
      }}
      onClose={() => setOpen(false)}
    />
  ) : (
    <div className="acts">
      <button type="button" className="btn line" onClick={() => setOpen(true)}>
        <Icon name="code" />
        {t('parts.scan')}
      </button>
    </div>
  );
}

function Camera({
  onRead,
  onClose,
}: {
  readonly onRead: (text: string) => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const place = useRef<HTMLVideoElement>(null);
  const [isRefused, setRefused] = useState(false);
  const tell = useRef(onRead);
  tell.current = onRead;
  useEffect(() => {
    let stream: MediaStream | undefined;
    let isOver = false;
    const look = async () => {
      if (detectorOf === undefined) return;
      const detector = new detectorOf({ formats: ['qr_code'] });
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      const video = place.current;
      // Closed before the camera was allowed: it must not stay on.
      if (video === null || isOver) return stop();
      video.srcObject = stream;
      await video.play();
      while (!isOver) {
        const [found] = await detector.detect(video);
        if (found !== undefined) return tell.current(found.rawValue);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    look().catch(() => setRefused(true));
    return () => {
      isOver = true;
      stop();
    };
  }, []);
  return (
    <div className="mt">
      {isRefused ? (
        <p role="alert">{t('parts.noCamera')}</p>
      ) : (
        <video ref={place} className="camera" muted playsInline aria-label={t('parts.camera')} />
      )}
      <div className="acts">
        <button type="button" className="btn line small" onClick={onClose}>
          {t('parts.close')}
        </button>
      </div>
    </div>
  );
}
